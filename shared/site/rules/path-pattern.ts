import { MOST_PLACEHOLDERS } from './limits.ts';

/** The parts of a path that the placeholders of a pattern match. The `*` has the name `splat`. */
export type Captures = Readonly<Record<string, string>>;

/**
 * A pattern of `_headers` and `_redirects`. It begins with `/`. A segment like `:name` matches any one segment, at most
 * one `*` matches anything, and all other characters match themselves. `/blog/*` also matches `/blog`. A slash at the
 * end makes no difference. Percent-encoded characters match the characters that they encode.
 */
export interface PathPattern {
  readonly text: string;
  /** The only path that the pattern matches, without a slash at the end. Undefined for a pattern with placeholders. */
  readonly only: string | undefined;
  readonly names: readonly string[];
  /** `path` begins with a slash and is decoded. */
  match(path: string): Captures | undefined;
}

const PLACEHOLDER = /^:[A-Za-z]\w*$/;
const NONE: Captures = {};

/** Parses a pattern, or describes what is wrong with it. */
export function pathPattern(text: string): PathPattern | { readonly fault: string } {
  if (!text.startsWith('/')) return { fault: `a path begins with /, not ${JSON.stringify(text)}` };
  if (/[?#]/.test(text)) return { fault: `${text} has a query or a fragment; only paths are matched` };
  const [before = '', after, ...more] = trimSlash(text).split('*');
  if (more.length > 0) return { fault: `${text} has more than one *` };
  const left = piecesOf(before, { star: after === undefined ? 'none' : 'behind' });
  const right = after === undefined ? [] : piecesOf(after, { star: 'before' });
  if (left === undefined || right === undefined) return { fault: `${text} is not correctly percent-encoded` };
  const names = [...namesOf(left), ...(after === undefined ? [] : ['splat']), ...namesOf(right)];
  if (names.length > MOST_PLACEHOLDERS)
    return { fault: `${text} has ${names.length} placeholders; ${MOST_PLACEHOLDERS} is the most` };
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) return { fault: `${text} has :${twice} twice` };
  if (names.length === 0) {
    const only = left.map((piece) => piece.text).join('');
    return { text, only, names, match: (path) => (trimSlash(path) === only ? NONE : undefined) };
  }
  // A `*` also matches a slash at the end; a segment does not.
  const asked = text.endsWith('*') ? (path: string) => path : trimSlash;
  const match =
    after === undefined ? withoutStar(left) : after === '' ? withTail(left) : withStar(left, right);
  return { text, only: undefined, names, match: (path) => match(asked(path)) };
}

/** The key under which static patterns are looked up: the path without a slash at its end. */
export function trimSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/** Literal characters, slashes among them, or a named segment. */
type Piece =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'segment'; readonly name: string; readonly text: string };

/** Undefined when the text is not correctly percent-encoded. A segment that contains the star is no placeholder. */
function piecesOf(text: string, { star }: { star: 'none' | 'behind' | 'before' }): Piece[] | undefined {
  const segments = text.split('/');
  const besideStar = star === 'none' ? undefined : star === 'before' ? 0 : segments.length - 1;
  const pieces: Piece[] = [];
  let literal = '';
  for (const [i, segment] of segments.entries()) {
    if (i > 0) literal += '/';
    if (i !== besideStar && PLACEHOLDER.test(segment)) {
      pieces.push(
        { kind: 'literal', text: literal },
        { kind: 'segment', name: segment.slice(1), text: segment },
      );
      literal = '';
    } else {
      const decoded = decode(segment);
      if (decoded === undefined) return undefined;
      literal += decoded;
    }
  }
  return literal === '' && pieces.length > 0 ? pieces : [...pieces, { kind: 'literal', text: literal }];
}

function namesOf(pieces: readonly Piece[]): string[] {
  return pieces.flatMap((piece) => (piece.kind === 'segment' ? [piece.name] : []));
}

type Match = PathPattern['match'];

// A segment ends at a slash, and there is at most one star. So each piece can be located without backtracking, from the
// left up to the star and from the right down to it. The time is linear in the length of the path.

function withoutStar(left: readonly Piece[]): Match {
  return (path) => (endOf(left, path) === path.length ? captured(left, path) : undefined);
}

/** Matches a pattern that ends with the star. `/blog/*` also matches `/blog`. */
function withTail(left: readonly Piece[]): Match {
  const last = left.at(-1);
  const hasOwnSegment = last?.kind === 'literal' && last.text.endsWith('/');
  const head = hasOwnSegment ? [...left.slice(0, -1), { ...last, text: last.text.slice(0, -1) }] : left;
  return (path) => {
    const at = endOf(head, path);
    if (at === undefined) return undefined;
    if (!hasOwnSegment) return { ...captured(head, path), splat: path.slice(at) };
    if (at < path.length && path[at] !== '/') return undefined;
    return { ...captured(head, path), splat: path.slice(at + 1) };
  };
}

function withStar(left: readonly Piece[], right: readonly Piece[]): Match {
  const lastFirst = right.toReversed();
  return (path) => {
    const start = endOf(left, path);
    if (start === undefined) return undefined;
    const end = startOf(lastFirst, path);
    if (end === undefined || end < start) return undefined;
    return { ...captured(left, path), splat: path.slice(start, end), ...capturedAtEnd(lastFirst, path) };
  };
}

type Capture = (name: string, start: number, end: number) => void;

/** The end of the pieces that match the beginning of the path. */
function endOf(pieces: readonly Piece[], path: string, capture?: Capture): number | undefined {
  let at = 0;
  for (const piece of pieces) {
    if (piece.kind === 'literal') {
      if (!path.startsWith(piece.text, at)) return undefined;
      at += piece.text.length;
    } else {
      const slash = path.indexOf('/', at);
      const end = slash === -1 ? path.length : slash;
      if (end === at) return undefined;
      capture?.(piece.name, at, end);
      at = end;
    }
  }
  return at;
}

/** The beginning of the pieces that match the end of the path. */
function startOf(lastFirst: readonly Piece[], path: string, capture?: Capture): number | undefined {
  let at = path.length;
  for (const piece of lastFirst) {
    if (piece.kind === 'literal') {
      if (at < piece.text.length || !path.endsWith(piece.text, at)) return undefined;
      at -= piece.text.length;
    } else {
      const start = path.lastIndexOf('/', at - 1) + 1;
      if (start >= at) return undefined;
      capture?.(piece.name, start, at);
      at = start;
    }
  }
  return at;
}

function captured(pieces: readonly Piece[], path: string): Captures {
  const captures: Record<string, string> = {};
  endOf(pieces, path, (name, start, end) => {
    captures[name] = path.slice(start, end);
  });
  return captures;
}

function capturedAtEnd(lastFirst: readonly Piece[], path: string): Captures {
  const captures: Record<string, string> = {};
  startOf(lastFirst, path, (name, start, end) => {
    captures[name] = path.slice(start, end);
  });
  return captures;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
