import type { ContentPath } from '../../shared/content/content-path.ts';
import type { Change } from '../../shared/content/diff.ts';
import type { Entry } from '../../shared/content/entry.ts';
import { mediaType } from '../../shared/content/media-type.ts';

/** What a path is to hold; null for nothing. */
export interface WantedFile {
  readonly path: ContentPath;
  readonly object: Pick<Entry, 'digest' | 'size' | 'chunks'> | null;
}

/** What leads from what is staged to what is wanted; undefined where both are the same. Only new content has a new time. */
export function changeTo(
  { path, object }: WantedFile,
  current: Pick<Entry, 'digest'> | undefined,
  time: number,
): Change | undefined {
  if (object === null) return current === undefined ? undefined : { kind: 'delete', path };
  const { digest, size, chunks } = object;
  if (current?.digest === digest) return undefined;
  return { kind: 'put', entry: { path, digest, size, chunks, type: mediaType(path), meta: [], time } };
}
