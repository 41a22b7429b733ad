/** A part of a file's name, between dots or hyphens and before a dot, that is long enough for a hash. */
const PIECE = /[.-](?=([0-9A-Za-z_-]{8,})\.)/g;
const HASH = /(^|-)(?=[0-9A-Za-z_]*[0-9])(?=[0-9A-Za-z_]*[A-Za-z])[0-9A-Za-z_]{8,}(-|$)/;

/**
 * Whether a name looks as if it changed with its content, as bundlers make them: `app.3f2a9bc1.js`. Pages that were
 * loaded before a publish still ask for such a file.
 */
export function isFingerprinted(path: string): boolean {
  return pieces(path).some((piece) => /[0-9]/.test(piece));
}

/**
 * Stricter, since browsers keep what is called immutable for a year, whatever is published later: dates, versions
 * and words with a number at some hyphen are no hashes.
 */
export function isImmutableName(path: string): boolean {
  return pieces(path).some((piece) => HASH.test(piece));
}

function pieces(path: string): string[] {
  return [...path.slice(path.lastIndexOf('/') + 1).matchAll(PIECE)].map(([, piece = '']) => piece);
}
