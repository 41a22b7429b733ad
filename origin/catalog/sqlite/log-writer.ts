import type { DatabaseSync } from 'node:sqlite';
import type { Digest } from '../../../shared/content/digest.ts';
import { SkerryError } from '../../../shared/errors.ts';
import type { Head } from '../../../shared/log/head.ts';
import { type Seq, seq } from '../../../shared/log/record.ts';
import { statements } from '../../../shared/sqlite/open.ts';
import { EMPTY_LOG, type LogEnd, type LogEpoch, nextRecords } from '../next-records.ts';
import type { RecordDraft } from '../record-draft.ts';
import type { RecordSigner } from '../record-signer.ts';

/** The only code that assigns sequence numbers. It signs and chains what it appends in the same step. */
export interface LogWriter {
  /**
   * Appends within the caller's transaction: number, chain, signature and row are one step. Throws `record-too-large`
   * and `log-diverged` before it appends anything.
   */
  append(epoch: LogEpoch, drafts: readonly RecordDraft[], time: number): Seq;
  head(epoch: LogEpoch, time: number): Head;
  /** From now on `append` throws `log-diverged`. */
  deny(why: string): void;
}

export function openLogWriter(database: DatabaseSync, signer: RecordSigner): LogWriter {
  const sql = statements(database);
  let denial: string | undefined;

  function end(): LogEnd {
    const row = sql('SELECT seq, hash FROM record ORDER BY seq DESC LIMIT 1').get();
    return row === undefined ? EMPTY_LOG : { seq: Number(row.seq), hash: row.hash as Digest };
  }

  return {
    append(epoch, drafts, time) {
      if (denial !== undefined) throw new SkerryError('log-diverged', denial);
      let last = end();
      for (const { record, hash } of nextRecords(last, epoch, drafts, time, signer)) {
        const json = JSON.stringify(record);
        sql('INSERT INTO record (seq, hash, json, bytes) VALUES (?, ?, ?, ?)').run(
          record.seq,
          hash,
          json,
          Buffer.byteLength(json),
        );
        last = { seq: record.seq, hash };
      }
      return seq(last.seq);
    },
    head: (epoch, time) => signer.head({ ...epoch, ...end(), time }),
    deny(why) {
      denial = why;
    },
  };
}
