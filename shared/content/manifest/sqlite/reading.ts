import type { DatabaseSync } from 'node:sqlite';
import { statements } from '../../../sqlite/open.ts';
import { leafOf } from '../../buckets.ts';
import type { ContentPath } from '../../content-path.ts';
import type { Change } from '../../diff.ts';
import { OPEN } from '../ranges.ts';
import type { DiffCursor, DiffSizes, ManifestReader } from '../reading.ts';
import { ENTRY_COLUMNS, type Row, toEntry } from './rows.ts';

export function openManifestReader(database: DatabaseSync): ManifestReader & DiffSizes {
  const sql = statements(database);
  const validAt = (alias: string, revision: string) =>
    `${alias}.from_rev <= ${revision} AND ${alias}.to_rev > ${revision}`;

  /**
   * Rows that are valid at `to` and not at `from` are puts. Rows that are valid at `from` and whose path has no row at
   * `to` are deletes. Rows of the earlier revision end within the range; rows of the later one begin in it.
   */
  function sideRows(side: DiffCursor['side'], forwards: boolean): { rows: string; edge: string } {
    const rowsOfLater = (side === 'put') === forwards;
    const edge = rowsOfLater ? 'from_rev' : 'to_rev';
    const here = side === 'put' ? ':to' : ':from';
    const there = side === 'put' ? ':from' : ':to';
    const sameContent = side === 'put' ? 'AND o.hash = e.hash' : '';
    const rows = `
      FROM entry e
      WHERE e.site = :site AND e.${edge} > :lo AND e.${edge} <= :hi AND e.to_rev ${rowsOfLater ? '> :hi' : `< ${OPEN}`}
        AND ${validAt('e', here)}
        AND NOT EXISTS (SELECT 1 FROM entry o WHERE o.site = e.site AND o.leaf = e.leaf AND o.path = e.path
          AND ${validAt('o', there)} ${sameContent})`;
    return { rows, edge: `e.${edge}` };
  }

  function sideQuery(side: DiffCursor['side'], forwards: boolean): string {
    const { rows, edge } = sideRows(side, forwards);
    return `SELECT e.id, ${edge} AS edge, ${ENTRY_COLUMNS} ${rows} AND (${edge}, e.id) > (:edge, :id)
      ORDER BY ${edge}, e.id LIMIT :limit`;
  }

  return {
    entryAt(site, revision, path) {
      const row = sql(
        `SELECT ${ENTRY_COLUMNS} FROM entry e
         WHERE site = :site AND leaf = :leaf AND path = :path AND ${validAt('e', ':revision')}`,
      ).get({ site, leaf: leafOf(path), path, revision });
      return row === undefined ? undefined : toEntry(row);
    },

    manifestPage(site, revision, after, limit) {
      const rows = sql(
        `SELECT e.leaf, ${ENTRY_COLUMNS} FROM entry e
         WHERE site = :site AND (leaf, path) > (:leaf, :path) AND ${validAt('e', ':revision')}
         ORDER BY leaf, path LIMIT :limit`,
      ).all({ site, leaf: after?.leaf ?? -1, path: after?.path ?? '', revision, limit });
      const last = rows.length === limit ? rows.at(-1) : undefined;
      return {
        entries: rows.map(toEntry),
        ...(last && { next: { leaf: last.leaf as number, path: last.path as string } }),
      };
    },

    bytesPut(site, from, to) {
      if (from === to) return 0;
      const { rows } = sideRows('put', to > from);
      const row = sql(`SELECT coalesce(sum(e.size), 0) AS bytes ${rows}`).get({
        ...{ site, from, to },
        ...{ lo: Math.min(from, to), hi: Math.max(from, to) },
      });
      return Number(row?.bytes);
    },

    diffPage(site, from, to, after, limit) {
      if (from === to) return { changes: [] };
      const lo = Math.min(from, to);
      const hi = Math.max(from, to);
      const changes: Change[] = [];
      let { side, revision, id }: DiffCursor = after ?? { side: 'delete', revision: lo, id: 0 };
      while (true) {
        const room = limit - changes.length;
        const rows = sql(sideQuery(side, to > from)).all({
          ...{ site, from, to, lo, hi, id },
          edge: revision,
          limit: room,
        });
        changes.push(...rows.map((row) => toChange(side, row)));
        const last = rows.length === room ? rows.at(-1) : undefined;
        if (last) return { changes, next: { side, revision: last.edge as number, id: last.id as number } };
        if (side === 'put') return { changes };
        ({ side, revision, id } = { side: 'put', revision: lo, id: 0 });
      }
    },
  };
}

function toChange(side: DiffCursor['side'], row: Row): Change {
  return side === 'put'
    ? { kind: 'put', entry: toEntry(row) }
    : { kind: 'delete', path: row.path as ContentPath };
}
