import { SkerryError } from '../errors.ts';

/** The path of an entry within its site: relative, separated by `/`, case-sensitive, not percent-encoded. */
export type ContentPath = string & { readonly brand: 'content-path' };

export const MAX_PATH_BYTES = 1024;
const MAX_SEGMENT_BYTES = 255;
/** How many characters of a path a message shows. */
const SHOWN = 200;

/** Nearly all paths are so simple and short that one look suffices. A name that begins with a dot is looked at closely. */
const SIMPLE = /^(?:[\w@+-][\w@+.-]*\/)*[\w@+-][\w@+.-]*$/;

/**
 * Why a path cannot be published, or undefined when it can. Unicode is not normalized: the two normal forms of one name
 * are two paths, as they are in most file systems and in every URL.
 */
export function pathFault(path: string): string | undefined {
  if (path.length <= MAX_SEGMENT_BYTES && SIMPLE.test(path)) return undefined;
  if (path === '') return 'is empty';
  if (!path.isWellFormed()) return 'is not well-formed Unicode';
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return `is longer than ${MAX_PATH_BYTES} bytes`;
  if (path.startsWith('/')) return 'is absolute';
  if (path.includes('\\')) return 'contains a backslash';
  if (hasControlCharacter(path)) return 'contains a control character';
  for (const segment of path.split('/')) {
    if (segment === '') return 'has an empty segment';
    if (segment === '.' || segment === '..') return `has a "${segment}" segment`;
    if (Buffer.byteLength(segment) > MAX_SEGMENT_BYTES)
      return `has a segment longer than ${MAX_SEGMENT_BYTES} bytes`;
  }
  return undefined;
}

/** The `bad-path` error for a path with this fault. */
export function refusedPath(path: string, fault: string): SkerryError {
  return new SkerryError('bad-path', `the path ${JSON.stringify(path.slice(0, SHOWN))} ${fault}`);
}

export function isContentPath(path: string): path is ContentPath {
  return pathFault(path) === undefined;
}

function hasControlCharacter(path: string): boolean {
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}
