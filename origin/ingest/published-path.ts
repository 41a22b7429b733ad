import { type ContentPath, pathFault, refusedPath } from '../../shared/content/content-path.ts';
import { SkerryError } from '../../shared/errors.ts';

/** Checks a path that may be published. Throws `bad-path`. */
export function publishedPath(path: string): ContentPath {
  const fault = pathFault(path);
  if (fault !== undefined) throw refusedPath(path, fault);
  return path as ContentPath;
}

/**
 * The path in a request's URL. It is decoded once, here: pass it as the client sent it, not as a router has decoded it.
 * Throws `bad-path`.
 */
export function pathOfUrl(encoded: string): ContentPath {
  let path: string;
  try {
    path = decodeURIComponent(encoded);
  } catch (error) {
    throw new SkerryError('bad-path', `the path ${encoded} is not percent-encoded UTF-8`, { cause: error });
  }
  return publishedPath(path);
}
