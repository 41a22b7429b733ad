import { SkerryError } from '../../shared/errors.ts';
import type { Commit } from '../../shared/wire/api.ts';
import { plural, printLine, timestamp } from '../terminal/output.ts';
import { unconfirmed } from './awaited-edges.ts';

/** Prints the result of a commit, and for a sync commit the result of each edge. `detail` says how much was sent. */
export function printCommit(site: string, commit: Commit, detail?: string): void {
  const { revision, unchanged } = commit;
  const nothing = unchanged ? 'nothing changed, ' : '';
  const suffix = unchanged || detail === undefined ? '' : ` (${detail})`;
  printLine(`site ${site}: ${nothing}revision ${revision} ${outcomeText(commit)}${suffix}`);
  for (const { edge, state } of commit.edges) printLine(`  ${edge}  ${state.replace('-', ' ')}`);
}

/** Throws `unconfirmed` if some of the edges that a sync commit waited for have not confirmed it. */
export function confirmCommit(commit: Commit): void {
  const edges = unconfirmed(commit);
  if (edges.length > 0)
    throw new SkerryError(
      'unconfirmed',
      `revision ${commit.revision} is live, but not confirmed by ${edges.join(', ')}`,
    );
}

function outcomeText({ outcome, mode, edges, opens, unchanged, alias }: Commit): string {
  if (outcome === 'draft')
    return `is a draft${alias === undefined ? '' : `, at ${alias.name} until ${timestamp(alias.expires)} utc`}`;
  if (outcome === 'rollout') return 'reaches the edges in steps: see `skerry rollout status`';
  if (outcome === 'pending') return `waits${opens === null ? '' : ` until ${timestamp(opens)} utc`}`;
  if (outcome === 'degraded')
    return 'is live, but not in sync: each edge shows it as soon as it has fetched it';
  if (mode === 'sync' && edges.length > 0) {
    const visible = edges.filter(({ state }) => state === 'visible').length;
    return `is live, visible on ${visible} of ${plural(edges.length, 'edge')}`;
  }
  return unchanged ? 'is live' : 'is live at the origin';
}
