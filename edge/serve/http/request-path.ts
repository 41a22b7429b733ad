import { type ContentPath, isContentPath } from '../../../shared/content/content-path.ts';

/** The target of a request as a path within a site, decoded exactly once. */
export type RequestPath =
  | { readonly kind: 'file'; readonly path: ContentPath; readonly text: string }
  /** The target ends in a slash. `path` is the folder without that slash, '' for the root. */
  | { readonly kind: 'folder'; readonly path: ContentPath | ''; readonly text: string }
  /** The target is well-formed, but nothing can be published under this name. */
  | { readonly kind: 'unpublishable'; readonly text: string }
  | { readonly kind: 'malformed' };

/**
 * Reads the path of a target in origin form (RFC 9112, 3.2.1). Dot segments are removed as in RFC 3986, 5.2.4, but
 * after decoding, so `%2e%2e` means the same as `..`. A path that leads above the root is malformed. `text` is the path
 * against which rules are matched: decoded, with its first slash, and with its last slash if it has one.
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

/** Encodes a path as the target of a `Location`. It begins with exactly one slash. */
export function encodePath(path: string): string {
  return `/${path.split('/').map(encodeURIComponent).join('/')}`.replace(/^\/+/, '/');
}
