import type { DatabaseSync } from 'node:sqlite';
import { statements } from '../../../sqlite/open.ts';
import { leafOf } from '../../buckets.ts';
import type { EntryHistory } from '../history.ts';
import { ENTRY_COLUMNS, toEntry } from './rows.ts';

export function openEntryHistory(database: DatabaseSync): EntryHistory {
  const sql = statements(database);
  return {
    entryAmong(site, revisions, path) {
      const rows = sql(
        `SELECT e.from_rev, e.to_rev, ${ENTRY_COLUMNS} FROM entry e WHERE site = ? AND leaf = ? AND path = ?`,
      ).all(site, leafOf(path), path);
      for (const revision of revisions) {
        const row = rows.find(
          ({ from_rev, to_rev }) => Number(from_rev) <= revision && Number(to_rev) > revision,
        );
        if (row !== undefined) return { entry: toEntry(row), revision };
      }
      return undefined;
    },
  };
}
