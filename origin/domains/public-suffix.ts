import { parse } from 'tldts';

const OPTIONS = { allowPrivateDomains: true };

/** Whether the names below this one belong to many owners, like those below `co.uk`, according to publicsuffix.org. */
export function isPublicSuffix(name: string): boolean {
  const { isIcann, isPrivate, publicSuffix } = parse(name, OPTIONS);
  return publicSuffix === name && (isIcann === true || isPrivate === true);
}

/** Whether a name has a part before its registrable domain. */
export function isBelowRegistrable(name: string): boolean {
  const { domain, hostname } = parse(name, OPTIONS);
  return domain !== null && domain !== hostname;
}
