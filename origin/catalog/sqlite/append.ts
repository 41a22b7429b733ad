import type { DatabaseSync } from 'node:sqlite';
import type { Digest } from '../../../shared/content/digest.ts';
import { SkerryError } from '../../../shared/errors.ts';
import { type Head, signHead } from '../../../shared/log/head.ts';
import {
  GENESIS,
  type LogRecord,
  recordHash,
  type Seq,
  seq,
  signRecord,
} from '../../../shared/log/record.ts';
import type { Payload, RecordKind } from '../../../shared/log/record-kinds.ts';
import { payloadText } from '../../../shared/log/record-limits.ts';
import type { SigningKey } from '../../../shared/signing/keys.ts';
import { statements } from '../../../shared/sqlite/open.ts';

/** What a record says, before the log gives it its place. */
export interface RecordDraft<K extends RecordKind = RecordKind> {
  readonly kind: K;
  readonly critical: boolean;
  readonly site: number;
  readonly revision: number;
  readonly root: Digest | null;
  readonly payload: Payload<K>;
}

/** A record of a kind that concerns no revision. */
export function plainDraft<K extends RecordKind>(kind: K, site: number, payload: Payload<K>): RecordDraft<K> {
  return { kind, critical: true, site, revision: 0, root: null, payload };
}

export interface LogIdentity {
  readonly log: string;
  readonly epoch: number;
}

/** The log's writer: the only place that gives out sequence numbers and signs. */
export interface LogWriter {
  /**
   * Appends within the caller's transaction: number, chain, signature and row are one step. Throws `record-too-large`
   * before anything is appended.
   */
  append(identity: LogIdentity, drafts: readonly RecordDraft[], time: number): Seq;
  head(identity: LogIdentity, time: number): Head;
  /** From now on `append` throws `log-diverged`. */
  deny(why: string): void;
}

export function openLogWriter(database: DatabaseSync, key: SigningKey): LogWriter {
  const sql = statements(database);

  function last(): { seq: number; hash: Digest } {
    const row = sql('SELECT seq, hash FROM record ORDER BY seq DESC LIMIT 1').get();
    return row === undefined ? { seq: 0, hash: GENESIS } : { seq: Number(row.seq), hash: row.hash as Digest };
  }

  let denial: string | undefined;

  return {
    append(identity, drafts, time) {
      if (denial !== undefined) throw new SkerryError('log-diverged', denial);
      let { seq: number, hash } = last();
      const sayings = drafts.map((draft) => ({ ...draft, payload: payloadText(draft.kind, draft.payload) }));
      for (const saying of sayings) {
        number += 1;
        const record: LogRecord = signRecord({ ...identity, ...saying, seq: number, prev: hash, time }, key);
        hash = recordHash(record);
        const json = JSON.stringify(record);
        sql('INSERT INTO record (seq, hash, json, bytes) VALUES (?, ?, ?, ?)').run(
          number,
          hash,
          json,
          Buffer.byteLength(json),
        );
      }
      return seq(number);
    },
    head(identity, time) {
      return signHead({ ...identity, ...last(), time }, key);
    },
    deny(why) {
      denial = why;
    },
  };
}
