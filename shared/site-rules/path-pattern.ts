/** What the placeholders of a pattern stand for in one path; a splat's name is `splat`. */
export type Captures = Readonly<Record<string, string>>;

/**
 * A pattern of `_headers` and `_redirects`: `/` and then characters that stand for themselves, segments like `:name`
 * that stand for any one segment, and at most one `*` that stands for anything. `/blog/*` is `/blog`, too. A slash
 * at the end makes no difference.
 */
export interface PathPattern {
  readonly text: string;
  /** The one path that it matches, without a slash at the end; undefined with placeholders. */
  readonly only: string | undefined;
  readonly names: readonly string[];
  /** `path` begins with a slash and is decoded. */
  match(path: string): Captures | undefined;
}

const PLACEHOLDER = /^:[A-Za-z]\w*$/;
const NONE: Captures = {};

/** The pattern, or what is wrong with it. */
export function pathPattern(text: string): PathPattern | { readonly fault: string } {
  if (!text.startsWith('/')) return { fault: `a path begins with /, not ${JSON.stringify(text)}` };
  if (/[?#]/.test(text)) return { fault: `${text} has a query or a fragment; only paths are matched` };
  if ((text.match(/\*/g)?.length ?? 0) > 1) return { fault: `${text} has more than one *` };
  const decoded = decode(text);
  if (decoded === undefined) return { fault: `${text} is not well percent-encoded` };
  const segments = trimSlash(decoded).split('/');
  const names = segments.flatMap((segment) => {
    if (PLACEHOLDER.test(segment)) return [segment.slice(1)];
    return segment.includes('*') ? ['splat'] : [];
  });
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) return { fault: `${text} has :${twice} twice` };
  if (names.length === 0) {
    const only = trimSlash(decoded);
    return { text, only, names, match: (path) => (trimSlash(path) === only ? NONE : undefined) };
  }
  const expression = new RegExp(
    `^${segments
      .map(segmentSource)
      .join('/')
      .replace(/\/\(\.\*\)$/, '(?:/(.*))?')}$`,
    's',
  );
  return {
    text,
    only: undefined,
    names,
    match(path) {
      // A splat takes the slash at the end, a segment does not.
      const found = expression.exec(decoded.endsWith('*') ? path : trimSlash(path));
      return found ? Object.fromEntries(names.map((name, i) => [name, found[i + 1] ?? ''])) : undefined;
    },
  };
}

/** Under which static patterns are found: the path without the slash at its end. */
export function trimSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

function segmentSource(segment: string): string {
  if (PLACEHOLDER.test(segment)) return '([^/]+)';
  return segment.split('*').map(RegExp.escape).join('(.*)');
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
