const BEFORE = bytesOf('/"\'=(`');
const AFTER = bytesOf('"\'?#)>`\\,& \t\r\n');

/**
 * Whether a page, style sheet or script names the last segment of a path, as in `src="app.js"` or `url(../app.js?v=2)`.
 * Words of its text do not count, and addresses that a script puts together are not found.
 */
export function isLinkedIn(text: Buffer, path: string): boolean {
  const segment = path.split('/').findLast((part) => part !== '');
  return segment !== undefined && [segment, decoded(segment)].some((name) => hasLinkTo(text, name));
}

function hasLinkTo(text: Buffer, name: string): boolean {
  const { length } = Buffer.from(name);
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const [before, after] = [text[at - 1], text[at + length]];
    const end = after === SLASH ? text[at + length + 1] : after;
    if (isAmong(BEFORE, before) && isAmong(AFTER, end)) return true;
  }
  return false;
}

const SLASH = 47;

function isAmong(bytes: ReadonlySet<number>, byte: number | undefined): boolean {
  return byte === undefined || bytes.has(byte);
}

function bytesOf(text: string): ReadonlySet<number> {
  return new Set(Buffer.from(text));
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
