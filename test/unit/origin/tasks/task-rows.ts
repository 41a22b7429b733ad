import type { IssuedAttempt, ShareRow, TaskRow } from '../../../../origin/catalog/task-calls.ts';
import { type OpenTask, siteIn, type TaskEdge } from '../../../../origin/tasks/task-plan.ts';

export const NOW = 1_000_000;
export const NONCE = 'n'.repeat(22);

function taskRow(changes: Partial<TaskRow> = {}): TaskRow {
  return {
    ...{ id: 1, kind: 'verify', args: '{"repair":false}', target: { kind: 'all' }, cause: 'a test' },
    ...{ key: null, created: 0, deadline: NOW + 3_600_000, state: 'open', ended: null },
    ...changes,
  };
}

export function shareRow(changes: Partial<ShareRow> = {}): ShareRow {
  return {
    ...{ task: 1, share: 0, edge: 'oslo', state: 'open', attempts: [] },
    ...{ failures: 0, notBefore: 0, by: null, result: null },
    ...changes,
  };
}

export function attempt(edge: string, changes: Partial<IssuedAttempt> = {}): IssuedAttempt {
  return { attempt: 1, nonce: NONCE, edge, since: NOW, isActive: true, ...changes };
}

export function openTask(shares: readonly ShareRow[], changes: Partial<TaskRow> = {}): OpenTask {
  const row = taskRow(changes);
  return {
    row,
    site: siteIn(JSON.parse(row.args)),
    shares: new Map(shares.map((share) => [share.share, share])),
  };
}

export function taskEdge(name: string, changes: Partial<TaskEdge> = {}): TaskEdge {
  return {
    ...{ name, region: 'north', labels: [], isRevoked: false, isOnline: true, silentFor: 0 },
    ...{ isFree: true, kinds: ['verify', 'warm'], sites: null, load: 0 },
    ...changes,
  };
}

export const fleetOf = (...edges: TaskEdge[]): ReadonlyMap<string, TaskEdge> =>
  new Map(edges.map((edge) => [edge.name, edge]));
