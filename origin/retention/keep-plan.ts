import type { SiteHistory } from '../catalog/retention-calls.ts';

const DAY_MS = 86_400_000;
/**
 * Only the newest revisions, up to this number, are kept merely because they are young or pending. The number is
 * limited because each page of pruning examines all kept revisions.
 */
const MOST_NEW = 10_000;

/** The revisions to keep. The result does not depend on the order of `past.revisions`. */
export function keptRevisions(past: SiteHistory, now: number): Set<number> {
  if (past.deleted) return new Set();
  const { live, tip, newest, named, retention } = past;
  const youngerThan = now - retention.days * DAY_MS;
  const lastActivated = past.revisions
    .filter(({ state }) => state === 'activated')
    .map(({ revision }) => revision)
    .sort((a, b) => b - a)
    .slice(0, retention.revisions);
  const kept = new Set([live, tip, newest, ...named, ...lastActivated]);
  for (const { revision, time, state, pinned } of past.revisions) {
    const isNew = revision > newest - MOST_NEW;
    const isAwaited = state === 'pending' && revision > live;
    const isYoung = state !== 'aborted' && state !== 'draft' && time > youngerThan;
    if (pinned || (isNew && (isAwaited || isYoung))) kept.add(revision);
  }
  return kept;
}

/** The revisions that may be dropped, in ascending order. */
export function revisionsToDrop(past: SiteHistory, now: number): number[] {
  const kept = keptRevisions(past, now);
  return past.revisions
    .map(({ revision }) => revision)
    .filter((revision) => !kept.has(revision))
    .sort((a, b) => a - b);
}
