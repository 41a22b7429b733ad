import { SkerryError } from '../../shared/errors.ts';
import { isPublicSuffix } from './public-suffix.ts';

/** A host name in lower case, or `*.` and a host name, which stands for all names below it, however deep. */
const DOMAIN =
  /^(?=.{1,253}$)(\*\.)?([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export const isDomainPattern = (text: string) => DOMAIN.test(text);

export const isWildcard = (domain: string) => domain.startsWith('*.');

/** The domain without the `*.` of a wildcard. */
export const withoutWildcard = (domain: string) => domain.replace(/^\*\./, '');

/** Checks a domain that a site may have, and returns it in lower case. Throws `bad-domain`. */
export function checkedDomain(text: string): string {
  const domain = text.toLowerCase();
  const fault = faultOf(domain);
  if (fault !== undefined) throw new SkerryError('bad-domain', `${JSON.stringify(text)} ${fault}`);
  return domain;
}

function faultOf(domain: string): string | undefined {
  if (!isDomainPattern(domain)) return 'is not a domain';
  const name = withoutWildcard(domain);
  if (name === 'localhost' || name.endsWith('.localhost'))
    return 'is a name that sites have by themselves: SITE.localhost';
  if (isPublicSuffix(name)) return 'is a public suffix, so its names belong to many owners';
  return isWildcard(domain) && !name.includes('.') ? 'covers a whole top-level domain' : undefined;
}
