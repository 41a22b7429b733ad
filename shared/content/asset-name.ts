/** A part of a file's name that follows a dot or hyphen, ends before a dot, and is long enough for a hash. */
const PIECE = /[.-](?=([0-9A-Za-z_-]{8,})\.)/g;
const HASH = /(^|-)(?=[0-9A-Za-z_]*[0-9])(?=[0-9A-Za-z_]*[A-Za-z])[0-9A-Za-z_]{8,}(-|$)/;

/**
 * Whether the name seems to change with the content, like the names that bundlers make: `app.3f2a9bc1.js`. Pages that
 * were loaded before a publish still ask for such files.
 */
export function isFingerprinted(path: string): boolean {
  return pieces(path).some((piece) => /[0-9]/.test(piece));
}

/**
 * This check is stricter than `isFingerprinted`, because browsers keep an immutable file for a year, whatever is
 * published later. Dates, versions, and hyphenated words that contain a number do not count as hashes.
 */
export function isImmutableName(path: string): boolean {
  return pieces(path).some((piece) => HASH.test(piece));
}

function pieces(path: string): string[] {
  return [...path.slice(path.lastIndexOf('/') + 1).matchAll(PIECE)].map(([, piece = '']) => piece);
}
