import { parse } from 'tldts';

/** Whether the names below this one belong to many owners, like those below `co.uk`, according to publicsuffix.org. */
export function isPublicSuffix(name: string): boolean {
  const { isIcann, isPrivate, publicSuffix } = parse(name, { allowPrivateDomains: true });
  return publicSuffix === name && (isIcann === true || isPrivate === true);
}
