import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { changed, isAt, notOpened, type OpenFile, openRealFile, openUnproven } from './real-file.ts';

const FLAGS =
  constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0) | (constants.O_NOCTTY ?? 0);

/** A folder whose files can be opened. */
export interface RealFolder {
  /** Throws `file-changed` when there is no regular file of that name, and leaves nothing open. */
  open(name: string): OpenFile;
  close(): void;
}

/**
 * Opens the folder at `path`, which must be its real path, free of links. Files are opened through its descriptor, so
 * nobody can put another folder in its place meanwhile, and the path is checked only once. Throws `file-changed` when
 * something else is at that path.
 */
export function openRealFolder(path: string): RealFolder {
  // Only Linux opens a file through the descriptor of its folder.
  if (process.platform !== 'linux')
    return { open: (name) => openRealFile(join(path, name)), close: () => {} };
  let handle: number;
  try {
    handle = openSync(path, FLAGS);
  } catch (cause) {
    throw notOpened(path, cause);
  }
  const close = () => closeSync(handle);
  try {
    if (!isAt(handle, path)) throw changed(path);
  } catch (error) {
    close();
    throw error;
  }
  return { open: (name) => openUnproven(`/proc/self/fd/${handle}/${name}`, name), close };
}
