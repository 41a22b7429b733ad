import type { ContentPath } from '../../../shared/content/content-path.ts';
import { mediaType } from '../../../shared/content/media-type.ts';
import type { ManifestLine } from '../../../shared/wire/api.ts';
import type { FolderChanges } from './change-plan.ts';
import type { HashedFile } from './hash-files.ts';

/** The digest at each path of a revision. Null for a file that differs from every file of a folder. */
export type KnownContent = ReadonlyMap<string, string | null>;

/** Reads what a revision holds. A folder gives each file the type that its name has. */
export async function knownContent(manifest: AsyncIterable<ManifestLine>): Promise<KnownContent> {
  const known = new Map<string, string | null>();
  for await (const { path, digest, type } of manifest)
    known.set(path, type === mediaType(path) ? digest : null);
  return known;
}

/** The changes that lead from a revision to a folder with these files. */
export function changesSince(
  known: KnownContent,
  files: readonly HashedFile[],
): Pick<FolderChanges, 'put' | 'deleted'> {
  const paths = new Set<string>(files.map(({ path }) => path));
  return {
    put: files.filter(({ path, digest }) => known.get(path) !== digest),
    deleted: [...known.keys()].filter((path) => !paths.has(path)) as ContentPath[],
  };
}
