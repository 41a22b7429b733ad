import { type Static, Type } from 'typebox';
import { DIGEST_PATTERN, type Digest, digestOf } from '../content/digest.ts';
import { type PublicKey, SIGNATURE_PATTERN, type SigningKey, signText, verifyText } from '../signing/keys.ts';

/**
 * A sequence number of the log. Sequence numbers begin at 1 and have no gaps. 0 stands for the position before the
 * first record.
 */
export type Seq = number & { readonly brand: 'seq' };

export const seq = (n: number): Seq => n as Seq;

export const recordSchema = Type.Object(
  {
    log: Type.String({ pattern: '^[0-9a-f]{32}$' }),
    epoch: Type.Integer({ minimum: 1 }),
    seq: Type.Integer({ minimum: 1 }),
    prev: Type.String({ pattern: DIGEST_PATTERN }),
    kind: Type.String({ pattern: '^[a-z]+(-[a-z]+)*$' }),
    critical: Type.Boolean(),
    time: Type.Integer({ minimum: 0 }),
    site: Type.Integer({ minimum: 0 }),
    revision: Type.Integer({ minimum: 0 }),
    root: Type.Union([Type.String({ pattern: DIGEST_PATTERN }), Type.Null()]),
    payload: Type.String(),
    sig: Type.String({ pattern: SIGNATURE_PATTERN }),
  },
  { additionalProperties: false },
);

/**
 * One record of the log as it is sent. `payload` is the kind's JSON text. It is kept byte for byte, because its digest
 * is signed. `site` is the site's id for kinds that concern a site, and 0 for others. `revision` and `root` name the
 * state in kinds that concern one; for others they are 0 and null.
 */
export type LogRecord = Static<typeof recordSchema>;

export type UnsignedRecord = Omit<LogRecord, 'sig'>;

/** The `prev` of the first record. */
export const GENESIS = '0'.repeat(64) as Digest;

/** The signed text: an array of strings, integers, booleans and null in the form of RFC 8785. */
export function canonicalRecord(record: UnsignedRecord): string {
  return JSON.stringify([
    'skerry-record-1',
    record.log,
    record.epoch,
    record.seq,
    record.prev,
    record.kind,
    record.critical,
    record.time,
    record.site,
    record.revision,
    record.root,
    digestOf(record.payload),
  ]);
}

/** The value that the next record's `prev` must have. */
export function recordHash(record: UnsignedRecord): Digest {
  return digestOf(canonicalRecord(record));
}

export function signRecord(record: UnsignedRecord, key: SigningKey): LogRecord {
  return { ...record, sig: signText(key, canonicalRecord(record)) };
}

export function verifyRecord(record: LogRecord, publicKey: PublicKey): boolean {
  return verifyText(publicKey, canonicalRecord(record), record.sig);
}
