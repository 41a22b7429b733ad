import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { statements } from '../../../shared/sqlite/open.ts';
import type { LogEpoch } from '../next-records.ts';
import type { LogWriter } from './log-writer.ts';

/** The state that all parts of the SQLite catalog share. */
export interface CatalogContext {
  readonly database: DatabaseSync;
  readonly sql: (text: string) => StatementSync;
  readonly writer: LogWriter;
  /** Throws before the log is created. */
  identity(): LogEpoch;
}

export function catalogContext(database: DatabaseSync, writer: LogWriter): CatalogContext {
  const sql = statements(database);
  return {
    database,
    sql,
    writer,
    identity() {
      const value = (name: string) => sql('SELECT value FROM meta WHERE name = ?').get(name)?.value;
      const log = value('log');
      if (log === undefined) throw new Error('the log is not founded');
      return { log: String(log), epoch: Number(value('epoch')) };
    },
  };
}
