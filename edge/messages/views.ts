import type { PurgeTarget } from '../../shared/site/purge.ts';

/** Everything that a serving process must know about a site. */
export interface SiteView {
  readonly id: number;
  readonly name: string;
  /** The hosts under which it answers, in addition to those that every site has. An alias answers under no others. */
  readonly domains: readonly string[];
  /** Null for what is live. For a revision under an alias, the alias and when it expires, in the time of the log. */
  readonly alias: { readonly name: string; readonly expires: number } | null;
  /** Hosts that end like this belong to aliases of the site, also if no alias has their name. */
  readonly aliasSuffixes: readonly string[];
  /** The revision to serve. 0 if none is visible yet. */
  readonly revision: number;
  /** The path prefixes that this edge holds. Null means all. The response for other paths is 421. */
  readonly prefixes: readonly string[] | null;
  /** Whether the response is 503 while the edge has no lease. */
  readonly needsLease: boolean;
  readonly former: FormerAssets;
  /** Set while the revision is on trial in a rollout. */
  readonly trial: Trial | null;
  /** The content that readers may read only with a token. Null if there is none. */
  readonly private: PrivateContent | null;
}

export interface PrivateContent {
  /** The public keys that may sign tokens. */
  readonly keys: readonly string[];
  /** Patterns as in `_headers`. */
  readonly paths: readonly string[];
}

/** The revision is shown by a few edges, and is judged by what their readers meet. */
export interface Trial {
  /**
   * The revision that all other edges show. It comes back here when this edge has had no lease for a minute, because then
   * nobody can judge the new one. Each error under the new revision is compared with the answer that this one would give.
   */
  readonly base: number;
  /** The path prefixes that this edge holds of the base. */
  readonly prefixes: readonly string[] | null;
  /** The paths that must answer. The edge asks itself for them. */
  readonly paths: readonly string[];
}

/** Older revisions that serve assets which the visible one does not have. */
export interface FormerAssets {
  /** The most recently superseded revision comes first. `until` is in the time of the log. */
  readonly revisions: readonly { readonly revision: number; readonly until: number }[];
  /** The patterns of assets, as in `_headers`. Null for names with a fingerprint. */
  readonly paths: readonly string[] | null;
  /** The purges. Former revisions up to `revision` do not serve the paths that `target` names. */
  readonly purges: readonly { readonly revision: number; readonly target: PurgeTarget }[];
  /**
   * The other revision of a rollout, whose pages readers may have loaded from another edge. Purges spare it. `isNewer`:
   * whatever it adds and no page is, answers here too.
   */
  readonly beside: { readonly revision: number; readonly isNewer: boolean } | null;
}
