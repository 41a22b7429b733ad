import { SkerryError } from '../../../shared/errors.ts';
import type { PurgeReceipt } from '../../../shared/log/purge-receipt.ts';
import type { LogRecord } from '../../../shared/log/record.ts';
import { payloads } from '../../../shared/log/record-kinds.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import { KEPT_PURGES } from '../limits.ts';
import type { PurgeCalls } from '../purge-calls.ts';
import type { CatalogContext } from './context.ts';

export function purgeCalls({ database, sql, writer, identity }: CatalogContext): PurgeCalls {
  function forgetOld(site: number): void {
    const last = sql(
      `SELECT seq FROM purge WHERE site = ? ORDER BY seq DESC LIMIT 1 OFFSET ${KEPT_PURGES}`,
    ).get(site)?.seq;
    if (typeof last !== 'number') return;
    sql('DELETE FROM purge_receipt WHERE seq IN (SELECT seq FROM purge WHERE site = ? AND seq <= ?)').run(
      site,
      last,
    );
    sql('DELETE FROM purge WHERE site = ? AND seq <= ?').run(site, last);
  }

  return {
    addPurges({ id, newest }, targets, time) {
      return transaction(database, () => {
        const drafts = targets.map((payload) => ({
          kind: 'purge' as const,
          site: id,
          revision: newest,
          root: null,
          payload,
        }));
        const last = writer.append(identity(), drafts, time);
        for (let seq = last - targets.length + 1; seq <= last; seq++)
          sql('INSERT INTO purge (seq, site) VALUES (?, ?)').run(seq, id);
        forgetOld(id);
        return last;
      });
    },

    purge(site, seq) {
      const row = sql(
        'SELECT r.json FROM purge p JOIN record r ON r.seq = p.seq WHERE p.site = ? AND p.seq = ?',
      ).get(site, seq);
      if (row === undefined)
        throw new SkerryError('no-such-purge', `record ${seq} is not one of the newest purges of this site`);
      const { time, payload } = JSON.parse(String(row.json)) as LogRecord;
      const receipts = sql('SELECT json FROM purge_receipt WHERE seq = ? ORDER BY edge').all(seq);
      return {
        seq,
        time,
        target: payloads.purge.parseText(payload, 'internal'),
        receipts: receipts.map(({ json }) => JSON.parse(String(json)) as PurgeReceipt),
      };
    },

    addPurgeReceipts(receipts) {
      transaction(database, () => {
        for (const receipt of receipts)
          sql(
            `INSERT OR IGNORE INTO purge_receipt (seq, edge, json)
             SELECT seq, :edge, :json FROM purge WHERE seq = :seq AND site = :site`,
          ).run({
            seq: receipt.seq,
            site: receipt.site,
            edge: receipt.edge,
            json: JSON.stringify(receipt),
          });
      });
    },
  };
}
