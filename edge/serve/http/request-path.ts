import { type ContentPath, isContentPath } from '../../../shared/content/content-path.ts';

/** A request target as a path within a site, decoded exactly once. */
export type RequestPath =
  | { readonly kind: 'file'; readonly path: ContentPath; readonly text: string }
  /** Ends in a slash, or is the root: `path` is the folder without it, '' for the root. */
  | { readonly kind: 'folder'; readonly path: ContentPath | ''; readonly text: string }
  /** Well-formed, but nothing with this name can be published. */
  | { readonly kind: 'unpublishable'; readonly text: string }
  | { readonly kind: 'malformed' };

/**
 * Reads the path of an origin-form target (RFC 9112, 3.2.1). Dot segments are removed as RFC 3986, 5.2.4, says,
 * after decoding, so that `%2e%2e` climbs no further than `..`; a path that climbs out is malformed. `text` is the
 * path as rules see it: decoded, with the slash that it begins with and the one at its end.
 */
export function requestPath(target: string): RequestPath {
  const [encoded = ''] = target.split('?', 1);
  if (!encoded.startsWith('/')) return { kind: 'malformed' };
  const decoded = decode(encoded.slice(1));
  if (decoded === undefined || decoded.includes('\0')) return { kind: 'malformed' };
  const segments: string[] = [];
  for (const segment of decoded.split('/')) {
    if (segment === '..') {
      if (segments.pop() === undefined) return { kind: 'malformed' };
    } else if (segment !== '.') segments.push(segment);
  }
  const isFolder = /(^|\/)\.{0,2}$/.test(decoded);
  if (isFolder && segments.at(-1) === '') segments.pop();
  if (segments.length === 0 && isFolder) return { kind: 'folder', path: '', text: '/' };
  const path = segments.join('/');
  const text = `/${path}${isFolder ? '/' : ''}`;
  if (!isContentPath(path)) return { kind: 'unpublishable', text };
  return { kind: isFolder ? 'folder' : 'file', path, text };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** A path as the target of a `Location`; begins with exactly one slash. */
export function encodePath(path: string): string {
  return `/${path.split('/').map(encodeURIComponent).join('/')}`.replace(/^\/+/, '/');
}
