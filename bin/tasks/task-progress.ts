import type { WholeTask } from '../../origin/client/tasks-client.ts';
import type { ShareStatus, ShownTaskState } from '../../shared/wire/task-api.ts';
import { plural } from '../terminal/output.ts';
import { shareText } from './share-text.ts';

/**
 * Edges that are working come first, then failed ones. Edges that are done come last, because they need no attention.
 */
const ORDER: readonly ShownTaskState[] = [
  ...(['running', 'assigned', 'failed', 'expired'] as const),
  ...(['queued', 'cancelled', 'done'] as const),
];

/** At most `most` rows that show the progress of a task. */
export function progressRows(task: WholeTask, most: number): string[] {
  const { id, kind, shares } = task;
  const ended = shares.filter(hasEnded).length;
  const head = `task ${id}, ${kind}: ${ended} of ${plural(shares.length, 'edge')} finished`;
  const sorted = shares.toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
  const room = Math.max(0, most - 1);
  const named = sorted.length <= room ? sorted : sorted.slice(0, Math.max(0, room - 1));
  const others = sorted.length - named.length;
  const width = Math.max(0, ...named.map((share) => nameOf(share).length));
  const rows = named.map((share) => {
    const { state } = share;
    return `  ${nameOf(share).padEnd(width)}  ${state.padEnd(9)}  ${shareText(kind, share)}`.trimEnd();
  });
  return [head, ...rows, ...(others > 0 ? [`  and ${plural(others, 'other edge')}`] : [])].slice(0, most);
}

export const hasEnded = ({ state }: Pick<ShareStatus, 'state'>): boolean =>
  state !== 'queued' && state !== 'assigned' && state !== 'running';

/** The name of the edge that has a share. A share that any edge can do has no edge at first. */
export const nameOf = ({ edge }: ShareStatus): string => edge ?? 'any edge';
