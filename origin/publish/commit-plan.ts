import type { Payload } from '../../shared/log/record-kinds.ts';
import type { Mode } from '../../shared/site/site-policy.ts';

export interface CommitSituation {
  readonly mode: Mode;
  /** The tree equals that of the site's tip. */
  readonly isUnchanged: boolean;
  /** The tip is committed and not live. */
  readonly isTipPending: boolean;
  /** The caller opens a window by hand. */
  readonly now: boolean;
  /** A window of the site's schedule is open. */
  readonly isWindowOpen: boolean;
}

export type CommitPlan =
  /** A new revision, made live in the same transaction, or left pending with null. */
  | { readonly kind: 'reveal'; readonly activate: Payload<'activate'> | null }
  /** A new revision in two phases. */
  | { readonly kind: 'prepare' }
  /** No new revision: the tip, which is pending, is made live, or stays so with null. */
  | { readonly kind: 'tip'; readonly activate: Payload<'activate'> | null }
  /** No new revision, and the tip is live. */
  | { readonly kind: 'unchanged' };

/** What a commit comes to. */
export function planCommit(situation: CommitSituation): CommitPlan {
  const { mode, isUnchanged, isTipPending } = situation;
  if (isUnchanged && !isTipPending) return { kind: 'unchanged' };
  // Edges prepare what a record tells them to, so a pending batch that is to be prepared is committed anew.
  if (mode === 'sync') return { kind: 'prepare' };
  const activate = mode === 'async' ? { mode } : batchActivation(situation);
  return { kind: isUnchanged ? 'tip' : 'reveal', activate };
}

function batchActivation({ now, isWindowOpen }: CommitSituation): Payload<'activate'> | null {
  if (now) return { mode: 'batch', now: true };
  return isWindowOpen ? { mode: 'batch' } : null;
}
