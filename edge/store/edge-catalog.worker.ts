import { workerData } from 'node:worker_threads';
import { type Digest, digestFromBytes } from '../../shared/digest.ts';
import type { KeyFingerprint, PublicKey } from '../../shared/keys.ts';
import { openManifestReader } from '../../shared/manifest/reading.ts';
import type { Row } from '../../shared/manifest/rows.ts';
import { OPEN } from '../../shared/manifest/schema.ts';
import { openStaging } from '../../shared/manifest/staging.ts';
import type { Receipt } from '../../shared/receipt.ts';
import { seq } from '../../shared/record.ts';
import { openDatabase, statements, transaction } from '../../shared/sqlite/open.ts';
import { serveCalls } from '../../shared/thread.ts';
import type { ChainState } from '../follow/chain-state.ts';
import type { EdgeCatalogCalls, EdgeSite } from './catalog.ts';
import { applyRecord } from './records.ts';
import { migrations } from './schema.ts';

const database = openDatabase((workerData as unknown as { file: string }).file, migrations);
const sql = statements(database);
const staging = openStaging(database);

function saveChain({ log, epoch, seq, hash, key, recovery, head }: ChainState): void {
  sql(
    `INSERT OR REPLACE INTO chain (only, log, epoch, seq, hash, key, recovery, head) VALUES (1, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(log, epoch, seq, hash, key, recovery, head);
}

const calls: EdgeCatalogCalls = {
  chain() {
    const row = sql('SELECT * FROM chain').get();
    if (row === undefined) return undefined;
    return {
      log: row.log as string,
      epoch: row.epoch as number,
      seq: seq(row.seq as number),
      hash: row.hash as Digest,
      key: row.key as PublicKey,
      recovery: row.recovery as KeyFingerprint,
      head: row.head as number,
    };
  },

  begin: saveChain,

  storeRecords(records, chain) {
    transaction(database, () => {
      for (const record of records) {
        sql('INSERT INTO record (seq, json) VALUES (?, ?)').run(record.seq, JSON.stringify(record));
        applyRecord(sql, record);
      }
      saveChain(chain);
    });
  },

  noteHead(head) {
    sql('UPDATE chain SET head = ? WHERE head < ?').run(head, head);
  },

  sites: () => sql('SELECT * FROM site WHERE deleted = 0 ORDER BY id').all().map(toSite),

  beginStaging(site, revision, root) {
    return transaction(database, () => {
      const row = sql('SELECT staging, staging_root FROM site WHERE id = ?').get(site);
      const before = row?.staging as number | null;
      if (before === revision && row?.staging_root === root) return { resumed: true, leftover: undefined };
      // The leftover stays marked until its rows are gone: `unstage` is repeated after another crash.
      if (before !== null) return { resumed: false, leftover: before };
      sql('UPDATE site SET staging = ?, staging_root = NULL WHERE id = ?').run(revision, site);
      return { resumed: false, leftover: undefined };
    });
  },

  endStaging(site) {
    sql('UPDATE site SET staging = NULL, staging_root = NULL WHERE id = ?').run(site);
  },

  proveStaging(site, root) {
    sql('UPDATE site SET staging_root = ? WHERE id = ?').run(root, site);
  },

  stageClear(site, revision, limit) {
    const { changes } = sql(
      `UPDATE entry SET to_rev = ? WHERE id IN
       (SELECT id FROM entry WHERE site = ? AND to_rev = ${OPEN} AND from_rev < ? LIMIT ?)`,
    ).run(revision, site, revision, limit);
    return changes > 0;
  },

  stagedObjects(site, revision, after, limit) {
    const rows = sql(
      'SELECT id, digest, size, chunks FROM entry WHERE site = ? AND from_rev = ? AND id > ? ORDER BY id LIMIT ?',
    ).all(site, revision, after, limit);
    return {
      objects: rows.map((row) => ({
        digest: digestFromBytes(row.digest as Uint8Array),
        size: Number(row.size),
        chunks: row.chunks === null ? null : digestFromBytes(row.chunks as Uint8Array),
      })),
      next: rows.length === limit ? Number(rows.at(-1)?.id) : undefined,
    };
  },

  stagedBytes(site, revision) {
    const row = sql('SELECT coalesce(sum(size), 0) AS bytes FROM entry WHERE site = ? AND from_rev = ?').get(
      site,
      revision,
    );
    return Number(row?.bytes);
  },

  reveal(site, { revision, root, seq }) {
    sql(
      `UPDATE site SET active = ?, active_root = ?, active_seq = ?, staging = NULL, staging_root = NULL WHERE id = ?`,
    ).run(revision, root, seq, site);
  },

  addReceipt(receipt) {
    sql('INSERT OR IGNORE INTO receipt (site, revision, json) VALUES (?, ?, ?)').run(
      receipt.site,
      receipt.revision,
      JSON.stringify(receipt),
    );
  },

  hasReceipt: (site, revision) =>
    sql('SELECT 1 FROM receipt WHERE site = ? AND revision = ?').get(site, revision) !== undefined,

  unsentReceipts: (limit) =>
    sql('SELECT json FROM receipt WHERE sent = 0 ORDER BY site, revision LIMIT ?')
      .all(limit)
      .map((row) => JSON.parse(row.json as string) as Receipt),

  markSent(receipts) {
    transaction(database, () => {
      for (const { site, revision } of receipts) {
        sql('UPDATE receipt SET sent = 1 WHERE site = ? AND revision = ?').run(site, revision);
      }
    });
  },

  close: () => database.close(),
};

function toSite(row: Row): EdgeSite {
  return {
    id: row.id as number,
    name: row.name as string,
    domains: JSON.parse(row.domains as string) as string[],
    target: {
      revision: row.target as number,
      root: row.target_root as Digest | null,
      seq: row.target_seq as number,
    },
    active: {
      revision: row.active as number,
      root: row.active_root as Digest | null,
      seq: row.active_seq as number,
    },
  };
}

export default serveCalls({ ...openManifestReader(database), ...staging, ...calls });
