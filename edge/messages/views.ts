import type { PurgeTarget } from '../../shared/site/purge.ts';

/** Everything that a serving process must know about a site. */
export interface SiteView {
  readonly id: number;
  readonly name: string;
  readonly domains: readonly string[];
  /** The revision to serve. 0 when none is visible yet. */
  readonly revision: number;
  /** The path prefixes that this edge holds; null for all. Other paths answer 421. */
  readonly prefixes: readonly string[] | null;
  /** The site answers 503 while the edge has no lease. */
  readonly needsLease: boolean;
  readonly former: FormerAssets;
  /** The content that needs a token; null for none. */
  readonly private: PrivateContent | null;
}

export interface PrivateContent {
  /** The public keys that may sign tokens. */
  readonly keys: readonly string[];
  /** Patterns as in `_headers`. */
  readonly paths: readonly string[];
}

/** Older revisions that serve assets which the visible one does not have. */
export interface FormerAssets {
  /** The revision superseded last comes first. `until` is by the time of the log. */
  readonly revisions: readonly { readonly revision: number; readonly until: number }[];
  /** The patterns of assets, as in `_headers`. Null for names with a fingerprint. */
  readonly paths: readonly string[] | null;
  /** Revisions up to the revision of a purge do not serve the paths that the purge names. */
  readonly purges: readonly { readonly revision: number; readonly target: PurgeTarget }[];
}
