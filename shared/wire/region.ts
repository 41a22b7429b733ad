import { SkerryError } from '../errors.ts';

/** C0 and C1 control characters, characters that change the direction of text, line separators, and lone surrogates. */
const REFUSED = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

/**
 * Checks the text in which the operator describes the location of an edge. Control characters are refused, because the
 * text is shown on terminals. Throws `bad-request`.
 */
export function checkRegion(region: string): string {
  const [found] = REFUSED.exec(region) ?? [];
  if (found === undefined) return region;
  const code = found.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
  throw new SkerryError(
    'bad-request',
    `a region is plain text: the character U+${code} is not allowed in it`,
  );
}
