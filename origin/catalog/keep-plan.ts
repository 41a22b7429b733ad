import type { SitePolicy } from '../../shared/site/site-policy.ts';

export interface KnownRevision {
  readonly revision: number;
  /** Of its commit, in milliseconds since 1970. */
  readonly time: number;
  readonly state: 'pending' | 'activated' | 'aborted';
  readonly pinned: boolean;
}

/** The revisions of a site that something stands on; 0 before the first. */
export interface Standing {
  readonly live: number;
  /** The newest that was not aborted. */
  readonly tip: number;
  /** The highest number that was given out: what comes is staged over its state, aborted or not. */
  readonly newest: number;
}

export interface Past extends Standing {
  readonly deleted: boolean;
  readonly retention: SitePolicy['retention'];
  readonly revisions: readonly KnownRevision[];
}

const DAY_MS = 86_400_000;
/** However young those before them are: each page of pruning looks at all that is kept. */
const MOST_NEW = 10_000;

/** Whether a revision is kept does not depend on the order in which the past is told. */
export function keptRevisions(past: Past, now: number): Set<number> {
  if (past.deleted) return new Set();
  const { live, tip, newest, retention } = past;
  const youngerThan = now - retention.days * DAY_MS;
  const lastActivated = past.revisions
    .filter(({ state }) => state === 'activated')
    .map(({ revision }) => revision)
    .sort((a, b) => b - a)
    .slice(0, retention.revisions);
  const kept = new Set([live, tip, newest, ...lastActivated]);
  for (const { revision, time, state, pinned } of past.revisions) {
    const isNew = revision > newest - MOST_NEW;
    const isAwaited = state === 'pending' && revision > live;
    const isYoung = state !== 'aborted' && time > youngerThan;
    if (pinned || (isNew && (isAwaited || isYoung))) kept.add(revision);
  }
  return kept;
}

/** The revisions that may go, ascending. */
export function revisionsToDrop(past: Past, now: number): number[] {
  const kept = keptRevisions(past, now);
  return past.revisions
    .map(({ revision }) => revision)
    .filter((revision) => !kept.has(revision))
    .sort((a, b) => a - b);
}
