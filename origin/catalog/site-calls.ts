import type { Mode, PolicyChange, SitePolicy } from '../../shared/site/site-policy.ts';
import type { DomainRights } from '../domains/rights.ts';

export interface SiteRow {
  readonly id: number;
  readonly name: string;
  readonly domains: readonly string[];
  readonly policy: SitePolicy;
  /** What is live; 0 before the first publish. */
  readonly revision: number;
  /** Files and bytes of what is live. */
  readonly files: number;
  readonly bytes: number;
  /** The newest revision that was not aborted: what the next change builds on. */
  readonly tip: number;
  /** The highest number that was given out: the state that is on top in the tables. */
  readonly newest: number;
  /** The tip, while it is not live. */
  readonly pending: { readonly revision: number; readonly mode: Mode; readonly since: number } | null;
}

/** Sites that are not deleted. An id is given out once; a name may be given again, to another site. */
export interface SiteReads {
  /** By name, ascending. */
  sites(): SiteRow[];
  /** By its id, which others may have deleted meanwhile: then throws `no-such-site`. */
  site(id: number): SiteRow;
  /** Throws `no-such-site`. */
  siteNamed(name: string): SiteRow;
  /** The ids of those of these sites that exist, ascending. */
  siteIds(names: readonly string[]): number[];
}

export interface SiteCalls extends SiteReads {
  /**
   * Creates the site or changes its settings, and appends its `settings`; what is undefined stays as it is. For a site
   * that exists, with nothing given, it changes and appends nothing. Throws `domain-taken`, `bad-schedule` and, for
   * domains that the caller has no right to, `forbidden`. Of two that ask for one domain the first gets it.
   */
  putSite(
    name: string,
    domains: readonly string[] | undefined,
    time: number,
    policy?: PolicyChange | undefined,
    rights?: DomainRights,
  ): SiteRow;
  /**
   * Appends its last `settings`. `unpublished`: throws `site-published` for one that shows something, is about to, or
   * has a domain. Throws `no-such-site`, also when it is repeated. Callers hold the site's lock.
   */
  deleteSite(name: string, time: number, only?: { readonly unpublished: boolean }): void;
}
