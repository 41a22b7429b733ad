import type { Digest } from '../../../shared/content/digest.ts';
import type { Payload } from '../../../shared/log/record-kinds.ts';
import { pageOf } from '../../../shared/log/record-page.ts';
import { storedRecords } from '../../../shared/log/stored-records.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import type { LogCalls } from '../log-calls.ts';
import { plainDraft } from '../record-draft.ts';
import type { CatalogContext } from './context.ts';

export function logCalls({ database, sql, writer, identity }: CatalogContext): LogCalls {
  const meta = (name: string) =>
    sql('SELECT value FROM meta WHERE name = ?').get(name)?.value as string | undefined;
  return {
    found(log, key, time) {
      if (meta('log') !== undefined) return;
      transaction(database, () => {
        for (const [name, value] of [
          ['log', log],
          ['epoch', '1'],
          ['key', JSON.stringify(key)],
        ] as const) {
          sql('INSERT INTO meta (name, value) VALUES (?, ?)').run(name, value);
        }
        writer.append(identity(), [plainDraft('key', 0, key)], time);
      });
    },
    identity() {
      const key = meta('key');
      return key === undefined ? undefined : { ...identity(), key: JSON.parse(key) as Payload<'key'> };
    },
    records: (from, limit) =>
      pageOf(
        storedRecords(
          sql('SELECT json FROM record WHERE seq >= ? ORDER BY seq LIMIT ?').iterate(from, limit),
        ),
        limit,
      ),
    newestRecords: (limit) =>
      pageOf(
        storedRecords(sql('SELECT json FROM record ORDER BY seq DESC LIMIT ?').iterate(limit)),
        limit,
      ).reverse(),
    firstSeq() {
      const first = sql('SELECT min(seq) AS seq FROM record').get()?.seq;
      // During pruning, and after a crash in it, older records remain before the checkpoint at which the log begins.
      const begin = first === 1 ? 1 : sql('SELECT min(seq) AS seq FROM checkpoint').get()?.seq;
      return Number(begin ?? 1);
    },
    head: (time) => writer.head(identity(), time),
    hashAt(seq) {
      const found = sql('SELECT hash FROM record WHERE seq = ?').get(seq)?.hash;
      if (found !== undefined) return found as Digest;
      const last = Number(sql('SELECT max(seq) AS seq FROM record').get()?.seq ?? 0);
      return seq > last ? 'beyond' : 'pruned';
    },
    denyAppends: (why) => writer.deny(why),
  };
}
