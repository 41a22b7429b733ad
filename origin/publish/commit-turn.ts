import type { Payload } from '../../shared/log/record-kinds.ts';
import type { RolloutPolicy } from '../../shared/site/rollout-policy.ts';
import type { Mode } from '../../shared/site/site-policy.ts';
import type { Commit } from '../../shared/wire/api.ts';
import type { AliasTarget } from '../catalog/alias-calls.ts';
import type { SiteRow } from '../catalog/site-calls.ts';
import { pendingOpens } from './activation-window.ts';
import type { CommitOptions } from './commit-options.ts';
import type { Deadline } from './deadline.ts';

/** A commit that holds the lock of its site. */
export interface Turn extends CommitOptions {
  readonly mode: Mode;
  readonly site: SiteRow;
  readonly deadline: Deadline;
}

/** What a revision is that does not become live by itself. */
export interface Aside {
  readonly draft?: AliasTarget | undefined;
  readonly rollout?: RolloutPolicy | undefined;
}

export function outcomeOf(
  activate: Payload<'activate'> | null,
  { draft, rollout }: Aside,
): Commit['outcome'] {
  if (draft !== undefined) return 'draft';
  if (rollout !== undefined) return 'rollout';
  return activate === null ? 'pending' : 'live';
}

export function answerOf(
  { mode, site }: Pick<Turn, 'mode' | 'site'>,
  { revision, seq }: { readonly revision: number; readonly seq: number },
  { outcome, unchanged, now }: Pick<Commit, 'outcome' | 'unchanged'> & { readonly now: number },
): Commit {
  const opens = outcome === 'pending' && mode !== 'sync' ? pendingOpens(site.policy, now) : null;
  return { revision, seq, unchanged, mode, outcome, edges: [], opens, receipts: [] };
}
