import { SkerryError } from '../../shared/errors.ts';
import type { SitePolicy } from '../../shared/site/site-policy.ts';
import { checkedDomain, isWildcard } from './domain-name.ts';
import { isBelowRegistrable } from './public-suffix.ts';

/** All names that a site claims: its domains, and every name below its preview domain. */
export function claimedDomains(domains: readonly string[], { domain }: SitePolicy['previews']): string[] {
  return domain === null ? [...domains] : [...domains, `*.${domain}`];
}

/**
 * Checks the hosts of aliases, and returns them in lower case. Throws `bad-domain`, and `bad-policy` for a domain at
 * which `ALIAS--DOMAIN` would belong to somebody else.
 */
export function checkedPreviews(previews: SitePolicy['previews']): SitePolicy['previews'] {
  const domain = previews.domain === null ? null : checkedDomain(previews.domain);
  if (domain !== null && isWildcard(domain))
    throw new SkerryError('bad-domain', `${domain}: give the preview domain without \`*.\``);
  const under = previews.under.map(checkedDomain);
  for (const one of under)
    if (isWildcard(one) || !isBelowRegistrable(one))
      throw new SkerryError(
        'bad-policy',
        `previews.under: ALIAS--${one} would be a domain of its own, which others may register`,
      );
  return { ...previews, domain, under };
}
