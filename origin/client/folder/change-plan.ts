import type { ContentPath } from '../../../shared/content/content-path.ts';
import type { Revision } from '../../../shared/wire/api.ts';
import type { DeployLine } from '../../../shared/wire/deploy-api.ts';
import type { HashedFile } from './hash-files.ts';

/** A folder's content as it was last published: digests by path. */
export type FolderState = ReadonlyMap<ContentPath, string>;

export function folderState(files: readonly HashedFile[]): FolderState {
  return new Map(files.map(({ path, digest }) => [path, digest]));
}

export interface FolderChanges {
  readonly put: readonly HashedFile[];
  readonly deleted: readonly ContentPath[];
  /** The state once these changes are published. */
  readonly after: FolderState;
}

/** Reduces a burst of changes to what must be published. `looked` is the current file at each path that was touched. */
export function planChanges(
  before: FolderState,
  looked: ReadonlyMap<ContentPath, HashedFile | undefined>,
): FolderChanges {
  const after = new Map(before);
  const put: HashedFile[] = [];
  const deleted: ContentPath[] = [];
  for (const [path, now] of looked) {
    if (now === undefined) {
      if (after.delete(path)) deleted.push(path);
    } else if (before.get(path) !== now.digest) {
      after.set(path, now.digest);
      put.push(now);
    }
  }
  return { put, deleted, after };
}

export function deployLines(changes: Pick<FolderChanges, 'put' | 'deleted'>): DeployLine[] {
  return [
    ...changes.put.map(({ path, digest, size }) => ({ path, digest, size })),
    ...changes.deleted.map((path) => ({ delete: path })),
  ];
}

/**
 * The revision that a rollback replaced. A folder that still equals this revision has not changed since the rollback,
 * so it is not published again until it changes. Undefined when the live or pending revision is no rollback.
 * `revisions` are newest first.
 */
export function rolledBackFrom(revisions: readonly Revision[]): Revision | undefined {
  const current = revisions.findIndex(({ live, state }) => live || state === 'pending');
  if (current === -1 || revisions[current]?.restores === null) return undefined;
  return revisions.slice(current + 1).find(({ restores, state }) => restores === null && state !== 'aborted');
}
