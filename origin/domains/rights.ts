import { SkerryError } from '../../shared/errors.ts';
import { wildcardsAbove } from './overlap.ts';

/** Which domains a caller may give to sites or take from them: all, or those that the patterns cover. */
export type DomainRights = 'all' | readonly string[];

/** Throws `forbidden` unless the caller has the right to every domain that is added or removed. */
export function checkDomainChange(
  present: readonly string[],
  wanted: readonly string[],
  rights: DomainRights,
): void {
  if (rights === 'all') return;
  const changed = [
    ...wanted.filter((domain) => !present.includes(domain)),
    ...present.filter((domain) => !wanted.includes(domain)),
  ];
  const missing = changed.find((domain) => !isCovered(domain, rights));
  if (missing !== undefined)
    throw new SkerryError(
      'forbidden',
      `the token may not change the domain ${missing}; it needs admin, or domains:${missing} beside publish:SITE`,
    );
}

function isCovered(domain: string, patterns: readonly string[]): boolean {
  return patterns.includes(domain) || wildcardsAbove(domain).some((wildcard) => patterns.includes(wildcard));
}
