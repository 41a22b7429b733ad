import type { Mode, PolicyChange, SitePolicy } from '../../shared/site/site-policy.ts';
import type { DomainRights } from '../domains/rights.ts';

export interface SiteRow {
  readonly id: number;
  readonly name: string;
  readonly domains: readonly string[];
  readonly policy: SitePolicy;
  /** When the site was created. */
  readonly created: number;
  /** The live revision. 0 before the first publish. */
  readonly revision: number;
  /** Files and bytes of the live revision. */
  readonly files: number;
  readonly bytes: number;
  /** The newest revision that is neither a draft nor aborted. The next change builds on it. */
  readonly tip: number;
  /** The highest number that was assigned. It names the newest state in the tables. */
  readonly newest: number;
  /** The highest revision that an alias or a rollout ever had. */
  readonly named: number;
  /** The tip, while it is not live. */
  readonly pending: { readonly revision: number; readonly mode: Mode; readonly since: number } | null;
}

/** Reads sites that are not deleted. An id is never used again. A later site may have the name of a deleted one. */
export interface SiteReads {
  /** All sites by name, ascending. */
  sites(): SiteRow[];
  /** A site by its id. Throws `no-such-site`, also for a deleted site. */
  site(id: number): SiteRow;
  /** A site by its name. Throws `no-such-site`. */
  siteNamed(name: string): SiteRow;
  /** The ids of those named sites that exist, ascending. */
  siteIds(names: readonly string[]): number[];
}

export interface SiteCalls extends SiteReads {
  /**
   * Creates the site or changes its settings, and appends a `settings` record. Undefined settings stay the same. For an
   * existing site without new settings, it does nothing. Throws `domain-taken`, `bad-schedule` and, for domains that
   * the caller has no right to, `forbidden`. When two callers want one domain, the first gets it.
   */
  putSite(
    name: string,
    domains: readonly string[] | undefined,
    time: number,
    policy?: PolicyChange | undefined,
    rights?: DomainRights,
  ): SiteRow;
  /**
   * Deletes the site, and appends its last `settings` record. Throws `no-such-site`, also when repeated. Callers hold
   * the site's lock.
   */
  deleteSite(name: string, time: number, only?: DeletedOnly): void;
}

/** What must hold for a site that is deleted. */
export interface DeletedOnly {
  /** It has no live or pending revision, no domain, and no object that an S3 client put. Throws `site-published`. */
  readonly unpublished?: boolean;
  /** S3 clients see no object in it. Throws `site-not-empty`. */
  readonly empty?: boolean;
}
