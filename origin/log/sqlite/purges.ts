import { SkerryError } from '../../../shared/errors.ts';
import type { PurgeReceipt, PurgeTarget } from '../../../shared/purge.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import type { PurgeCalls } from '../catalog.ts';
import type { CatalogContext } from './context.ts';

export function purgeCalls({ database, sql, writer, identity }: CatalogContext): PurgeCalls {
  return {
    addPurge({ id, newest }, target, time) {
      return transaction(database, () => {
        const draft = {
          kind: 'purge' as const,
          // Who does not know it goes on serving: it changes no revision.
          critical: false,
          site: id,
          revision: newest,
          root: null,
          payload: target,
        };
        const seq = writer.append(identity(), [draft], time);
        sql('INSERT INTO purge (seq, site, time, json) VALUES (?, ?, ?, ?)').run(
          seq,
          id,
          time,
          JSON.stringify(target),
        );
        return seq;
      });
    },

    purge(site, seq) {
      const row = sql('SELECT * FROM purge WHERE site = ? AND seq = ?').get(site, seq);
      if (row === undefined) throw new SkerryError('no-such-purge', `record ${seq} is no purge of this site`);
      const receipts = sql('SELECT json FROM purge_receipt WHERE seq = ? ORDER BY edge').all(seq);
      return {
        seq,
        time: Number(row.time),
        target: JSON.parse(String(row.json)) as PurgeTarget,
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
