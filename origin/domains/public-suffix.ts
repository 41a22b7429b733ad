import { parse } from 'tldts';

/** Whether the names below this one belong to many owners, by the list of publicsuffix.org: `co.uk`, `github.io`. */
export function isPublicSuffix(name: string): boolean {
  const { isIcann, isPrivate, publicSuffix } = parse(name, { allowPrivateDomains: true });
  return publicSuffix === name && (isIcann === true || isPrivate === true);
}
