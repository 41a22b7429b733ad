import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SkerryError } from '../errors.ts';

const SQLITE_BUSY = 5;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;
/** A new file may have the inode of one that was removed: then it looks as if nothing had happened. */
const MOST_FAILURES = 3;

/**
 * Holds a folder for this process alone, until what is returned is called. Node has no flock(2); SQLite's
 * exclusive lock is one, and dies with the process. A second lock lets one process start at a time: what another
 * one does to the first meanwhile, while it takes it, cannot be mistaken for a foreign hold.
 */
export function lockFolder(folder: string): () => void {
  const file = join(folder, 'lock');
  const startFile = join(folder, 'lock-start');
  const starting = lockStart(startFile);
  if (starting === undefined) throw inUse(folder, startFile);
  try {
    const held = tryLock(file, 'EXCLUSIVE') ?? (isForeign(file) ? lockAnew(file) : undefined);
    if (held === undefined) throw inUse(folder, file);
    return () => held.close();
  } finally {
    // While it is held: the next start has a file that nobody opened while others could.
    rmSync(startFile, { force: true });
    starting.close();
  }
}

/**
 * A reserved lock: one process alone gets it, whoever else reads the file. A lock counts when it is of the file that
 * has the name: another start may have removed the one that was opened. The first time round may create the file.
 */
function lockStart(file: string): DatabaseSync | undefined {
  for (let attempt = 0; ; attempt++) {
    const before = inodeOf(file);
    try {
      const held = tryLock(file, 'IMMEDIATE');
      if (held === undefined) return undefined;
      if (before !== undefined && before === inodeOf(file)) return held;
      held.close();
    } catch (error) {
      // SQLite fails in several ways when another start removes the file that it has just opened.
      if (before === inodeOf(file) && attempt >= MOST_FAILURES) throw error;
    }
  }
}

function inodeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.ino;
}

function tryLock(file: string, kind: 'IMMEDIATE' | 'EXCLUSIVE'): DatabaseSync | undefined {
  const database = opened(file, false);
  try {
    database.exec(`PRAGMA locking_mode = EXCLUSIVE; BEGIN ${kind}`);
    return database;
  } catch (error) {
    database.close();
    if (sqliteCode(error) === SQLITE_BUSY || sqliteCode(error) === SQLITE_NOTADB) return undefined;
    throw error;
  }
}

/**
 * Skerry's own hold lets nobody read, and its file is empty. What can be read is held by somebody who may only
 * read it, and who opened it while others could; what is no database somebody put there.
 */
function isForeign(file: string): boolean {
  const database = opened(file, true);
  try {
    database.exec('BEGIN; SELECT count(*) FROM sqlite_schema');
    return true;
  } catch (error) {
    return sqliteCode(error) === SQLITE_NOTADB;
  } finally {
    database.close();
  }
}

/** Whoever holds the old file holds one that nobody looks at any more. */
function lockAnew(file: string): DatabaseSync | undefined {
  rmSync(file);
  return tryLock(file, 'EXCLUSIVE');
}

function opened(file: string, readOnly: boolean): DatabaseSync {
  try {
    return new DatabaseSync(file, { timeout: 0, readOnly });
  } catch (cause) {
    if (sqliteCode(cause) !== SQLITE_CANTOPEN) throw cause;
    throw new SkerryError('data-folder-foreign', `${file} is no file that can be opened: remove it`, {
      cause,
    });
  }
}

function inUse(folder: string, file: string): SkerryError {
  const holders = holdersOf(file);
  const who = holders.length === 0 ? 'another process' : `process ${holders.join(', ')}`;
  return new SkerryError('data-folder-in-use', `${who} uses the data folder ${folder}`);
}

/** Processes that hold a lock on the file, where the system tells. */
function holdersOf(file: string): string[] {
  if (process.platform !== 'linux') return [];
  try {
    const { ino } = statSync(file);
    const held = readFileSync('/proc/locks', 'utf8').matchAll(/(\d+) [0-9a-f]+:[0-9a-f]+:(\d+) /g);
    return [...new Set([...held].filter(([, , inode]) => inode === String(ino)).map(([, pid = '']) => pid))];
  } catch {
    return [];
  }
}

function sqliteCode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode
    : undefined;
}
