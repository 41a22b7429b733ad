import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
} from 'node:fs';
import { SkerryError, systemCode } from '../errors.ts';

/** Refuses a link anywhere in the path. Node has no name for this flag. */
const DARWIN_NOFOLLOW_ANY = 0x2000_0000;

/**
 * With these flags, opening does not wait for the writer of a pipe, and does not make a terminal the controlling one.
 */
const FLAGS =
  constants.O_RDONLY |
  (constants.O_NOFOLLOW ?? 0) |
  (constants.O_NONBLOCK ?? 0) |
  (constants.O_NOCTTY ?? 0) |
  (process.platform === 'darwin' ? DARWIN_NOFOLLOW_ANY : 0);

/** A text that changes with each write to a file, and differs between files. */
export type FileStamp = string;

export interface OpenFile {
  readonly handle: number;
  /** The length of the file when it was opened, in bytes. */
  readonly size: number;
  /** What the system knew about the file when it was opened. */
  readonly stats: BigIntStats;
}

/**
 * Opens the file at `path`, which must be its real path, free of links. A user who can write to a parent folder may
 * have replaced a part of the path with a link, so the real path of the opened file is checked. Throws `file-changed`
 * when something else is at that path, and leaves nothing open.
 */
export function openRealFile(path: string): OpenFile {
  const opened = openUnproven(path);
  try {
    if (isAt(opened.handle, path)) return opened;
  } catch (error) {
    closeSync(opened.handle);
    throw error;
  }
  closeSync(opened.handle);
  throw changed(path);
}

/**
 * Opens a file without checking its real path, for callers that compare its stamp or content with what they read
 * before. Errors name it as `shown`.
 */
export function openUnproven(path: string, shown: string = path): OpenFile {
  let handle: number;
  try {
    handle = openSync(path, FLAGS);
  } catch (cause) {
    throw notOpened(shown, cause);
  }
  const stats = fstatSync(handle, { bigint: true });
  // If this is not a regular file, a pipe, a device or a folder has taken its place.
  if (stats.isFile()) return { handle, size: Number(stats.size), stats };
  closeSync(handle);
  throw changed(shown);
}

export function stampOf({ stats: { dev, ino, size, mtimeNs, ctimeNs } }: OpenFile): FileStamp {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':');
}

/** Whether somebody has written to the file since it was opened. */
export function hasChanged({ handle, stats }: OpenFile): boolean {
  const { size, mtimeNs, ctimeNs } = fstatSync(handle, { bigint: true });
  return size !== stats.size || mtimeNs !== stats.mtimeNs || ctimeNs !== stats.ctimeNs;
}

export function changed(path: string, cause?: unknown): SkerryError {
  return new SkerryError('file-changed', `${path} changed while it was published`, { cause });
}

/** Whether the open file or folder is at this path, without any link. */
export function isAt(handle: number, path: string): boolean {
  if (process.platform === 'linux') return readlinkSync(`/proc/self/fd/${handle}`) === path;
  if (realpathSync.native(path) !== path) return false;
  const opened = fstatSync(handle, { bigint: true });
  const there = lstatSync(path, { bigint: true });
  return opened.dev === there.dev && opened.ino === there.ino;
}

const CHANGED = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EMLINK', 'ENXIO']);

export function notOpened(path: string, cause: unknown): SkerryError {
  const code = systemCode(cause);
  if (code !== undefined && CHANGED.has(code)) return changed(path, cause);
  return new SkerryError('unreadable-file', `${path} cannot be read (${code})`, { cause });
}
