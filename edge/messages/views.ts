import type { PurgeTarget } from '../../shared/site/purge.ts';

/** What a serving process has to know of a site. */
export interface SiteView {
  readonly id: number;
  readonly name: string;
  readonly domains: readonly string[];
  /** The revision to serve; 0 when nothing is visible yet. */
  readonly revision: number;
  /** The path prefixes that are held here; null for all. Others answer 421. */
  readonly prefixes: readonly string[] | null;
  /** Answers 503 while the edge has no lease. */
  readonly needsLease: boolean;
  readonly former: FormerAssets;
  /** What needs a token; null for nothing. */
  readonly private: PrivateContent | null;
}

export interface PrivateContent {
  /** Public keys whose signatures count. */
  readonly keys: readonly string[];
  /** Patterns as in `_headers`. */
  readonly paths: readonly string[];
}

/** What answers for assets that the revision has no more. */
export interface FormerAssets {
  /** Those superseded last first; `until` by the time of the log. */
  readonly revisions: readonly { readonly revision: number; readonly until: number }[];
  /** What are assets: patterns as in `_headers`; null for names with a fingerprint. */
  readonly paths: readonly string[] | null;
  /** No revision up to that of a purge answers for what it names. */
  readonly purges: readonly { readonly revision: number; readonly target: PurgeTarget }[];
}
