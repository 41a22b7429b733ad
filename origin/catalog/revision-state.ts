import type { KnownRevision, SiteHistory } from './retention-calls.ts';
import type { RevisionRow } from './revision-calls.ts';

/** A revision that waits does so until it is live, or until a later one has taken its place as the tip. */
export function shownState(state: KnownRevision['state'], isTip: boolean): RevisionRow['state'] {
  return state === 'pending' && !isTip ? 'superseded' : state;
}

/** What the next change builds on: the newest revision that was not aborted; 0 for none. `revisions` ascend. */
export function tipOf(revisions: readonly Pick<KnownRevision, 'revision' | 'state'>[]): number {
  return revisions.findLast(({ state }) => state !== 'aborted')?.revision ?? 0;
}

/** Those of the chosen revisions that are there and that nothing stands on. Of a deleted site all may go. */
export function revisionsThatGo(past: SiteHistory, chosen: readonly number[]): number[] {
  const { deleted, live, tip, newest, revisions } = past;
  const going = new Set(chosen);
  return revisions
    .filter(({ revision }) => going.has(revision))
    .filter(({ revision, pinned }) => deleted || !(pinned || [live, tip, newest].includes(revision)))
    .map(({ revision }) => revision);
}

/** The revisions whose entries stay, once `dropped` have lost their rows; none of a deleted site. */
export function heldRevisions(past: SiteHistory, dropped: ReadonlySet<number> = new Set()): number[] {
  if (past.deleted) return [];
  const held = past.revisions.map(({ revision }) => revision).filter((revision) => !dropped.has(revision));
  // The number that was given out last names the state on top, also when the site has no revision yet.
  return [past.newest, ...held];
}
