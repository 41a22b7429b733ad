import type { PurgeTarget } from '../../shared/site/purge.ts';

/** The facts about a site that a serving process needs. */
export interface SiteView {
  readonly id: number;
  readonly name: string;
  readonly domains: readonly string[];
  /** The revision to serve, or 0 when nothing is visible yet. */
  readonly revision: number;
  /** The path prefixes that are held here, or null for all. Other paths answer 421. */
  readonly prefixes: readonly string[] | null;
  /** The site answers 503 while the edge has no lease. */
  readonly needsLease: boolean;
  readonly former: FormerAssets;
  /** The paths that need a token, or null for none. */
  readonly private: PrivateContent | null;
}

export interface PrivateContent {
  /** The public keys whose signatures count. */
  readonly keys: readonly string[];
  /** Patterns as in `_headers`. */
  readonly paths: readonly string[];
}

/** Former revisions that answer for assets which the active revision no longer has. */
export interface FormerAssets {
  /** The most recently superseded revision comes first. `until` is by the time of the log. */
  readonly revisions: readonly { readonly revision: number; readonly until: number }[];
  /** Which paths are assets: patterns as in `_headers`, or null for names with a fingerprint. */
  readonly paths: readonly string[] | null;
  /** No revision up to that of a purge answers for what the purge names. */
  readonly purges: readonly { readonly revision: number; readonly target: PurgeTarget }[];
}
