import type { KnownRevision, SiteHistory } from './retention-calls.ts';
import type { RevisionRow } from './revision-calls.ts';

interface AliasMarks {
  readonly live: number;
  /** The highest revision that an alias or a rollout ever had. */
  readonly named: number;
}

/**
 * Whether an alias or a rollout may name a revision, and a pending or drafted revision may become live, under its own number.
 * Edges take in revisions in ascending order. So an edge that holds the revision `named` or `live` can no longer take
 * in a lower one. It has one already if that is live, or if one of them has named it all the time. Otherwise, its content
 * gets a new number.
 */
export function isWithinReach(revision: number, { live, named }: AliasMarks, isNamed: boolean): boolean {
  return isNamed || revision === live || revision > Math.max(named, live);
}

/** A revision is pending until it becomes live, or until a later one becomes the tip. */
export function shownState(state: KnownRevision['state'], isTip: boolean): RevisionRow['state'] {
  return state === 'pending' && !isTip ? 'superseded' : state;
}

/**
 * The newest revision that is neither a draft nor aborted: the next change builds on it. 0 for none. `revisions` ascend.
 */
export function tipOf(revisions: readonly Pick<KnownRevision, 'revision' | 'state'>[]): number {
  return revisions.findLast(({ state }) => state !== 'aborted' && state !== 'draft')?.revision ?? 0;
}

/** The chosen revisions that exist and are not in use. A deleted site may lose all its revisions. */
export function revisionsThatGo(past: SiteHistory, chosen: readonly number[]): number[] {
  const { deleted, live, tip, newest, named, revisions } = past;
  const going = new Set(chosen);
  return revisions
    .filter(({ revision }) => going.has(revision))
    .filter(
      ({ revision, pinned }) => deleted || !(pinned || [live, tip, newest, ...named].includes(revision)),
    )
    .map(({ revision }) => revision);
}

/** The revisions whose entries stay when `dropped` have lost their rows. Empty for a deleted site. */
export function heldRevisions(past: SiteHistory, dropped: ReadonlySet<number> = new Set()): number[] {
  if (past.deleted) return [];
  const held = past.revisions.map(({ revision }) => revision).filter((revision) => !dropped.has(revision));
  // The next revision is staged over the state of the highest number, even if that revision was aborted.
  return [past.newest, ...held];
}
