import { rmSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { hasCode, isCorrupt, SkerryError } from '../errors.ts';

/** Schema changes, in order. A database records in `user_version` how many of them it has had. */
export type Migrations = readonly string[];

/** The write-ahead log is copied into the file when it has this many pages, which are 32 MB. */
const WAL_PAGES = 8000;

/**
 * Opens a database for writing: in WAL mode, with every commit synced to disk, migrated to the newest schema. A new
 * file that is `shrinking` can return free pages to the disk (`PRAGMA incremental_vacuum`); other files keep their free
 * pages and reuse them.
 */
export function openDatabase(path: string, migrations: Migrations, size?: 'shrinking'): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 10_000 });
  try {
    // This has an effect only before the file has its first page, which the next statement writes.
    if (size === 'shrinking') database.exec('PRAGMA auto_vacuum = INCREMENTAL');
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -8192; PRAGMA temp_store = FILE',
    );
    // Rows that are keyed by hashes touch most pages of an index in each transaction. By default, such transactions
    // would copy nearly the same pages into the file again and again, and sync it each time.
    database.exec(`PRAGMA wal_autocheckpoint = ${WAL_PAGES}`);
    migrate(database, migrations, path);
  } catch (error) {
    database.close();
    if (isCorrupt(error))
      throw new SkerryError('data-folder-damaged', `${path} is damaged: ${error.message}`, { cause: error });
    throw error;
  }
  return database;
}

/**
 * Opens a database that can be rebuilt. A damaged file is replaced by a new one, and a loss of power may lose the last
 * changes.
 */
export function openDerived(path: string, migrations: Migrations): DatabaseSync {
  const database = openOrBegin(path, migrations);
  database.exec('PRAGMA synchronous = NORMAL');
  return database;
}

function openOrBegin(path: string, migrations: Migrations): DatabaseSync {
  try {
    return openDatabase(path, migrations, 'shrinking');
  } catch (error) {
    // Any other error, such as a full disk, may be temporary, and the file may be intact.
    if (!hasCode(error, 'data-folder-damaged')) throw error;
    for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
    return openDatabase(path, migrations, 'shrinking');
  }
}

/** Opens a read-only connection to a database that its writer has already created. */
export function openForReading(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 10_000 });
  database.exec('PRAGMA cache_size = -8192');
  return database;
}

function migrate(database: DatabaseSync, migrations: Migrations, path: string): void {
  const row = database.prepare('PRAGMA user_version').get();
  const version = Number(row?.user_version ?? 0);
  if (version > migrations.length) {
    throw new SkerryError(
      'data-folder-newer',
      `${path} has schema ${version}, this version reads ${migrations.length}`,
    );
  }
  for (const [i, migration] of migrations.entries()) {
    if (i < version) continue;
    transaction(database, () => database.exec(`${migration}; PRAGMA user_version = ${i + 1}`));
  }
}

/**
 * Runs `run` in one transaction, which takes effect as a whole or not at all. Its changes are synced to disk when this
 * returns.
 */
export function transaction<T>(database: DatabaseSync, run: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = run();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite has rolled back already on some errors, such as a full disk.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/**
 * Like `transaction`, but without syncing. A later transaction that is synced also makes this one durable, because the
 * write-ahead log is one file in order. Use it for rows that only a later, synced transaction makes visible.
 */
export function relaxed<T>(database: DatabaseSync, run: () => T): T {
  database.exec('PRAGMA synchronous = NORMAL');
  try {
    return transaction(database, run);
  } finally {
    database.exec('PRAGMA synchronous = FULL');
  }
}

/** Makes each call see one state of the database, even if another connection commits during the call. */
export function inSnapshots<T extends object>(database: DatabaseSync, calls: T): T {
  const snapshot = (call: (...args: unknown[]) => unknown, args: unknown[]) => {
    database.exec('BEGIN');
    try {
      return call(...args);
    } finally {
      database.exec('COMMIT');
    }
  };
  const wrapped = Object.entries(calls).map(([name, call]) => [
    name,
    (...args: unknown[]) => snapshot(call, args),
  ]);
  return Object.fromEntries(wrapped) as T;
}

/** Prepares each statement once. */
export function statements(database: DatabaseSync): (sql: string) => StatementSync {
  const prepared = new Map<string, StatementSync>();
  return (sql) => {
    let statement = prepared.get(sql);
    if (statement === undefined) {
      statement = database.prepare(sql);
      prepared.set(sql, statement);
    }
    return statement;
  };
}
