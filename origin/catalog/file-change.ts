import type { ContentPath } from '../../shared/content/content-path.ts';
import type { Change } from '../../shared/content/diff.ts';
import type { Entry } from '../../shared/content/entry.ts';
import { mediaType } from '../../shared/content/media-type.ts';

/** The wanted object of a path. Null when the path is to be deleted. */
export interface WantedFile {
  readonly path: ContentPath;
  readonly object: Pick<Entry, 'digest' | 'size' | 'chunks'> | null;
}

/**
 * The change from the staged entry to the wanted file. Undefined when the content is the same, so that its time does
 * not change.
 */
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
