import type { ContentPath } from '../../shared/content/content-path.ts';
import type { Change } from '../../shared/content/diff.ts';
import type { Entry, EntryMeta } from '../../shared/content/entry.ts';
import { isSameMeta } from '../../shared/content/entry-meta.ts';
import { mediaType } from '../../shared/content/media-type.ts';

/** What a client says about a file besides its bytes. */
export interface FileDetails {
  /** Null when the name of the file decides. */
  readonly type: string | null;
  readonly meta: EntryMeta;
}

export const NO_DETAILS: FileDetails = { type: null, meta: [] };

/** The wanted object of a path. Null when the path is to be deleted. */
export interface WantedFile extends FileDetails {
  readonly path: ContentPath;
  readonly object: Pick<Entry, 'digest' | 'size' | 'chunks'> | null;
}

/** What an entry has that decides whether a file changes it. */
export type CurrentEntry = Pick<Entry, 'digest' | 'type' | 'meta' | 'time'>;

/**
 * The change from the staged entry to the wanted file. Undefined when nothing changes. When only the type or the
 * metadata changes, the time stays, because it is the time of the digest.
 */
export function changeTo(
  { path, object, type: given, meta }: WantedFile,
  current: CurrentEntry | undefined,
  time: number,
): Change | undefined {
  if (object === null) return current === undefined ? undefined : { kind: 'delete', path };
  const { digest, size, chunks } = object;
  const type = given ?? mediaType(path);
  const hasContent = current?.digest === digest;
  if (hasContent && current.type === type && isSameMeta(current.meta, meta)) return undefined;
  const since = hasContent ? current.time : time;
  return { kind: 'put', entry: { path, digest, size, chunks, type, meta, time: since } };
}
