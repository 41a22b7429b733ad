const BEFORE = bytesOf('/"\'=(`');
const AFTER = bytesOf('"\'?#)>`\\,& \t\r\n');

/**
 * A page may have a short name in each of its words, and anybody may ask for such a name. It is looked at only so often
 * in a page, since readers wait meanwhile.
 */
const MOST_PLACES = 1000;

/**
 * Whether a page, style sheet or script names the last segment of a path, as in `src="app.js"` or `url(../app.js?v=2)`.
 * Words of its text do not count, and addresses that a script puts together are not found. Undefined when the segment
 * is in too many places of the page.
 */
export function isLinkedIn(text: Buffer, path: string): boolean | undefined {
  const segment = path.split('/').findLast((part) => part !== '');
  if (segment === undefined) return false;
  const links = [...new Set([segment, decoded(segment)])].map((name) => hasLinkTo(text, name));
  return links.includes(true) || (links.includes(undefined) ? undefined : false);
}

function hasLinkTo(text: Buffer, name: string): boolean | undefined {
  const { length } = Buffer.from(name);
  let at = text.indexOf(name);
  for (let places = 0; at >= 0; places++, at = text.indexOf(name, at + 1)) {
    if (places === MOST_PLACES) return undefined;
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
