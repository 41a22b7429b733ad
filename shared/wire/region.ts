import { SkerryError } from '../errors.ts';

/** C0 and C1 controls, what turns the direction of text, separators of lines, and halves of characters. */
const REFUSED = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

/** The place of an edge, in the words of who runs it: it is shown on terminals. Throws `bad-request`. */
export function checkRegion(region: string): string {
  const [found] = REFUSED.exec(region) ?? [];
  if (found === undefined) return region;
  const code = found.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
  throw new SkerryError(
    'bad-request',
    `a region is plain text: the character U+${code} is not allowed in it`,
  );
}
