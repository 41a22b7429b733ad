import type { Payload } from '../../shared/log/record-kinds.ts';
import type { Mode } from '../../shared/site/site-policy.ts';

export interface CommitSituation {
  readonly mode: Mode;
  /** The tree equals that of the site's tip, which is the newest revision that was not aborted. */
  readonly isUnchanged: boolean;
  /** The tip is committed but not live. */
  readonly isTipPending: boolean;
  /** The caller opens a window by hand. */
  readonly now: boolean;
  /** A window of the site's schedule is open. */
  readonly isWindowOpen: boolean;
}

export type CommitPlan =
  /** A new revision. It is made live in the same transaction, or left pending when `activate` is null. */
  | { readonly kind: 'reveal'; readonly activate: Payload<'activate'> | null }
  /** A new revision that is published in two phases. */
  | { readonly kind: 'prepare' }
  /** No new revision. The tip, which is pending, is made live, or left pending when `activate` is null. */
  | { readonly kind: 'tip'; readonly activate: Payload<'activate'> | null }
  /** No new revision, and the tip is live. */
  | { readonly kind: 'unchanged' };

/** Decides what a commit does. */
export function planCommit(situation: CommitSituation): CommitPlan {
  const { mode, isUnchanged, isTipPending } = situation;
  if (isUnchanged && !isTipPending) return { kind: 'unchanged' };
  // Edges prepare only what a record tells them to prepare. So a sync publish of a pending batch revision commits a new
  // revision.
  if (mode === 'sync') return { kind: 'prepare' };
  const activate = activationNow(situation);
  return { kind: isUnchanged ? 'tip' : 'reveal', activate };
}

/** How a waiting revision becomes live now without two phases. Null when it cannot. */
export function activationNow(
  situation: Pick<CommitSituation, 'mode' | 'now' | 'isWindowOpen'>,
): Payload<'activate'> | null {
  if (situation.mode === 'sync') return null;
  return situation.mode === 'async' ? { mode: 'async' } : batchActivation(situation);
}

function batchActivation({
  now,
  isWindowOpen,
}: Pick<CommitSituation, 'now' | 'isWindowOpen'>): Payload<'activate'> | null {
  if (now) return { mode: 'batch', now: true };
  return isWindowOpen ? { mode: 'batch' } : null;
}
