import { SkerryError } from '../../shared/errors.ts';
import { changedPolicy, DEFAULT_POLICY, type PolicyChange } from '../../shared/site/site-policy.ts';
import { overlapWith, type SiteDomains } from '../domains/overlap.ts';
import { checkedPreviews, claimedDomains } from '../domains/preview-domains.ts';
import { checkDomainChange, type DomainRights } from '../domains/rights.ts';
import type { SiteRow } from './site-calls.ts';

export type SiteSettings = Pick<SiteRow, 'domains' | 'policy'>;

/** Everything that decides the settings of a site, read at one moment. */
export interface SiteSituation {
  readonly name: string;
  /** Undefined for a new site. */
  readonly existing: SiteSettings | undefined;
  /** The wanted domains. Undefined keeps the present ones. */
  readonly domains: readonly string[] | undefined;
  readonly policy: PolicyChange | undefined;
  /** The caller's rights. */
  readonly rights: DomainRights;
  /** Reads all sites that have domains. It is called only when domains are compared. */
  readonly sites: () => readonly SiteDomains[];
}

/** The new settings of the site. Undefined when they stay the same. Throws like `putSite`. */
export function planSite(situation: SiteSituation): SiteSettings | undefined {
  const { existing, domains, policy, rights } = situation;
  if (existing !== undefined && domains === undefined && policy === undefined) return undefined;
  const before = existing ?? { domains: [], policy: DEFAULT_POLICY };
  const changed = policy === undefined ? before.policy : changedPolicy(before.policy, policy);
  const settings = {
    domains: domains ?? before.domains,
    policy: { ...changed, previews: checkedPreviews(changed.previews) },
  };
  const present = claimedDomains(before.domains, before.policy.previews);
  const wanted = claimedDomains(settings.domains, settings.policy.previews);
  checkDomainChange(present, wanted, rights);
  if (wanted.some((domain) => !present.includes(domain))) checkOverlap(situation, wanted);
  return settings;
}

function checkOverlap({ name, sites }: SiteSituation, wanted: readonly string[]): void {
  const taken = overlapWith(
    wanted,
    sites().filter((other) => other.name !== name),
  );
  if (taken === undefined) return;
  const { domain, other, site } = taken;
  throw new SkerryError(
    'domain-taken',
    domain === other
      ? `${domain} belongs to the site ${site}`
      : `${domain} overlaps with ${other}, which belongs to the site ${site}`,
  );
}

/** Throws `site-published` for a site that has a live or pending revision, an object, or a domain. */
export function checkUnpublished(
  { name, revision, pending, domains }: Pick<SiteRow, 'name' | 'revision' | 'pending' | 'domains'>,
  isEmpty: boolean,
): void {
  if (revision > 0 || pending !== null || !isEmpty || domains.length > 0)
    throw new SkerryError('site-published', `${name} has a revision, an object or a domain`);
}
