import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Digest } from '../../../shared/content/digest.ts';
import type { ChainState } from '../../../shared/log/chain-state.ts';
import type { Head } from '../../../shared/log/head.ts';
import { seq } from '../../../shared/log/record.ts';
import type { Payload } from '../../../shared/log/record-kinds.ts';
import { pageOf } from '../../../shared/log/record-page.ts';
import { storedRecords } from '../../../shared/log/stored-records.ts';
import type { KeyFingerprint, PublicKey } from '../../../shared/signing/keys.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import type { ChainCalls } from '../catalog.ts';
import { applyRecord } from './records.ts';

export function chainCalls(database: DatabaseSync, sql: (text: string) => StatementSync): ChainCalls {
  function saveChain({ retired, ...chain }: ChainState): void {
    sql(
      `INSERT INTO chain (only, log, epoch, seq, hash, key, retired, recovery, head)
         VALUES (1, :log, :epoch, :seq, :hash, :key, :retired, :recovery, :head)
       ON CONFLICT (only) DO UPDATE SET log = :log, epoch = :epoch, seq = :seq, hash = :hash, key = :key, retired = :retired,
         recovery = :recovery, head = max(head, :head)`,
    ).run({ ...chain, retired: JSON.stringify(retired) });
  }

  return {
    chain() {
      const row = sql('SELECT * FROM chain').get();
      if (row === undefined) return undefined;
      return {
        log: row.log as string,
        epoch: row.epoch as number,
        seq: seq(row.seq as number),
        hash: row.hash as Digest,
        key: row.key as PublicKey,
        retired: JSON.parse(row.retired as string) as PublicKey[],
        recovery: row.recovery as KeyFingerprint,
        head: row.head as number,
      };
    },

    begin: saveChain,

    storeRecords(records, chain) {
      transaction(database, () => {
        let before = Number(sql('SELECT max(seq) AS seq FROM record').get()?.seq ?? 0);
        for (const record of records) {
          // The log would have a gap between the records before the checkpoint and the checkpoint, so those records are
          // dropped.
          const isJump = record.seq !== before + 1;
          if (isJump) sql('DELETE FROM record').run();
          before = record.seq;
          sql('INSERT INTO record (seq, json) VALUES (?, ?)').run(record.seq, JSON.stringify(record));
          applyRecord(sql, record, isJump);
        }
        saveChain(chain);
      });
    },

    noteHead(head) {
      sql('UPDATE chain SET head = max(head, ?), signed_head = ?').run(head.seq, JSON.stringify(head));
    },

    signedHead() {
      const text = sql('SELECT signed_head FROM chain').get()?.signed_head;
      return typeof text === 'string' ? (JSON.parse(text) as Head) : undefined;
    },

    clockOffset: () => Number(sql('SELECT clock_offset FROM chain').get()?.clock_offset ?? 0),

    noteClockOffset(ms) {
      sql('UPDATE chain SET clock_offset = ?').run(ms);
    },

    isRefused: () => sql('SELECT refused FROM chain').get()?.refused === 1,

    noteRefused(isRefused) {
      sql('UPDATE chain SET refused = ?').run(isRefused ? 1 : 0);
    },

    isRevoked: () => sql('SELECT revoked FROM chain').get()?.revoked === 1,

    noteRevoked() {
      sql('UPDATE chain SET revoked = 1').run();
    },

    records: (from, limit) =>
      pageOf(
        storedRecords(
          sql('SELECT json FROM record WHERE seq >= ? ORDER BY seq LIMIT ?').iterate(from, limit),
        ),
        limit,
      ),

    firstSeq: () => Number(sql('SELECT min(seq) AS first FROM record').get()?.first ?? 1),

    pruneRecords({ records, bytes }) {
      const row = sql(
        `SELECT max(seq) AS seq FROM record c WHERE json_extract(json, '$.kind') = 'checkpoint'
         AND (seq <= (SELECT seq FROM chain) - ?
           OR ? <= (SELECT sum(octet_length(json)) FROM record r WHERE r.seq > c.seq))`,
      ).get(records, bytes);
      if (row?.seq != null) sql('DELETE FROM record WHERE seq < ?').run(row.seq);
    },

    members: () =>
      sql('SELECT json FROM member ORDER BY name')
        .all()
        .map((row) => JSON.parse(row.json as string) as Payload<'member'>),
  };
}
