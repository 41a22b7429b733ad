import type { SitePolicy } from '../../shared/site/site-policy.ts';

/** The activity of S3 clients at a site, in monotonic milliseconds. */
export interface Activity {
  /** When the oldest change was made that no commit has taken yet. */
  readonly first: number;
  /** When the last write ended. */
  readonly last: number;
  /** Writes that are under way. */
  readonly writing: number;
}

/** When the held changes of a site become a revision. A bucket is not quiet while a client sends a large object. */
export function commitDue({ first, last, writing }: Activity, { quiet, hold }: SitePolicy['bucket']): number {
  const latest = first + hold * 1000;
  return writing > 0 ? latest : Math.min(latest, last + quiet * 1000);
}
