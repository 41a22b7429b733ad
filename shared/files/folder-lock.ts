import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SkerryError } from '../errors.ts';

const SQLITE_BUSY = 5;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;
/**
 * How often an unexplained failure is retried. A new file may get the inode of one that was removed, so a race may look
 * like an error without a cause.
 */
const MOST_FAILURES = 3;

/**
 * Locks a folder for this process until the returned function is called. Node has no flock(2); SQLite's exclusive lock
 * serves as one, and it ends with the process. A second lock admits one starting process at a time, so that a process
 * never mistakes the start of another Skerry process for interference with the first lock.
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
    // The file is removed while it is locked, so that the next start creates a new one. Other users may have opened the
    // old file when the folder was still open to them.
    rmSync(startFile, { force: true });
    starting.close();
  }
}

/**
 * Takes SQLite's reserved lock, which only one process gets even if others read the file. The lock counts only if the
 * file under this name is still the one that was opened, because another start may have removed it. The first attempt
 * may create the file.
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
 * Whether another user interferes with the lock. While Skerry holds the lock, no other user can read the file, and the
 * file is empty. If the file can be read, the lock is held by a process that may only read the file, and that opened it
 * when this was still allowed. If the file is not a database, another program has written it.
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

/**
 * Removes the file and locks a new one. A process that holds the old file then holds a file that no starting process
 * uses.
 */
function lockAnew(file: string): DatabaseSync | undefined {
  rmSync(file);
  return tryLock(file, 'EXCLUSIVE');
}

function opened(file: string, readOnly: boolean): DatabaseSync {
  try {
    return new DatabaseSync(file, { timeout: 0, readOnly });
  } catch (cause) {
    if (sqliteCode(cause) !== SQLITE_CANTOPEN) throw cause;
    throw new SkerryError('data-folder-foreign', `${file} cannot be opened as a file: remove it`, {
      cause,
    });
  }
}

function inUse(folder: string, file: string): SkerryError {
  const holders = holdersOf(file);
  const who = holders.length === 0 ? 'another process' : `process ${holders.join(', ')}`;
  return new SkerryError('data-folder-in-use', `${who} uses the data folder ${folder}`);
}

/** The processes that hold a lock on the file. Empty where the system does not list locks. */
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
