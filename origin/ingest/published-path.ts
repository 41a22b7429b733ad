import { type ContentPath, pathFault, refusedPath } from '../../shared/content/content-path.ts';

/** Checks a path that may be published. Throws `bad-path`. */
export function publishedPath(path: string): ContentPath {
  const fault = pathFault(path);
  if (fault !== undefined) throw refusedPath(path, fault);
  return path as ContentPath;
}
