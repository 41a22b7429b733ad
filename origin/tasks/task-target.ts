import { SkerryError } from '../../shared/errors.ts';
import type { RequestedTarget } from '../../shared/wire/task-api.ts';
import type { TaskTarget } from '../catalog/task-calls.ts';
import { replicates, type TaskEdge } from './task-plan.ts';

export function targetOf(requested: RequestedTarget): TaskTarget {
  if ('edges' in requested) return { kind: 'edges', names: [...new Set(requested.edges)] };
  if ('region' in requested) return { kind: 'region', region: requested.region };
  if ('label' in requested) return { kind: 'label', label: requested.label };
  return { kind: 'all' in requested ? 'all' : 'any' };
}

export function shownTarget(target: TaskTarget): RequestedTarget {
  switch (target.kind) {
    case 'edges':
      return { edges: [...target.names] };
    case 'region':
      return { region: target.region };
    case 'label':
      return { label: target.label };
    case 'all':
      return { all: true };
    case 'any':
      return { any: true };
  }
}

/**
 * The edges that get a share, by name; null for a share that any edge can do. Edges that do not replicate the site of
 * the task get none, unless they are named. Throws `no-such-edge`.
 */
export function sharesFor(
  target: TaskTarget,
  edges: ReadonlyMap<string, TaskEdge>,
  site: string | undefined,
): (string | null)[] {
  if (target.kind === 'any') return [null];
  if (target.kind === 'edges') {
    const unknown = target.names.find((name) => edges.get(name)?.isRevoked !== false);
    if (unknown !== undefined) throw new SkerryError('no-such-edge', `there is no edge ${unknown}`);
    return [...target.names].sort();
  }
  const chosen = [...edges.values()].filter(
    (edge) => !edge.isRevoked && isIn(target, edge) && (site === undefined || replicates(edge, site)),
  );
  if (chosen.length === 0) throw new SkerryError('no-such-edge', `no edge matches ${wording(target, site)}`);
  return chosen.map(({ name }) => name).sort();
}

function isIn(target: Exclude<TaskTarget, { kind: 'edges' | 'any' }>, edge: TaskEdge): boolean {
  if (target.kind === 'region') return edge.region === target.region;
  if (target.kind === 'label') return edge.labels.includes(target.label);
  return true;
}

function wording(target: TaskTarget, site: string | undefined): string {
  const where =
    target.kind === 'region'
      ? `the region ${target.region}`
      : target.kind === 'label'
        ? `the label ${target.label}`
        : 'all edges';
  return site === undefined ? where : `${where} and the site ${site}`;
}
