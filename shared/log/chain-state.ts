import type { Digest } from '../content/digest.ts';
import { SkerryError } from '../errors.ts';
import { fingerprintOf, type KeyFingerprint, type PublicKey } from '../signing/keys.ts';
import { certifiedKey } from './certificate.ts';
import { type Head, verifyHead } from './head.ts';
import { GENESIS, type LogRecord, recordHash, type Seq, seq, verifyRecord } from './record.ts';
import { isKnownKind, type Payload, payloads } from './record-kinds.ts';

/** An edge's position in the log: what it has verified, and what the next record must be. */
export interface ChainState {
  readonly log: string;
  readonly epoch: number;
  /** The sequence number of the last stored record: the stored position. */
  readonly seq: Seq;
  readonly hash: Digest;
  /** The key that must have signed the next record. */
  readonly key: PublicKey;
  /**
   * Keys that were replaced, and are refused from then on. The recovery key has certified them, too, so an attacker who
   * stole a replaced key has a valid certificate for it.
   */
  readonly retired: readonly PublicKey[];
  readonly recovery: KeyFingerprint;
  /** The highest sequence number that a signed head has named. */
  readonly head: number;
}

/** The state before the first record. Its key must be certified by the trusted recovery key. */
export function firstChainState(
  log: string,
  epoch: number,
  payload: Payload<'key'>,
  trusted: KeyFingerprint,
): ChainState {
  const key = certifiedKey(log, epoch, payload, trusted);
  if (key === undefined) {
    throw new SkerryError('bad-signature', 'the origin is not the one that the join token names');
  }
  return {
    log,
    epoch,
    seq: seq(0),
    hash: GENESIS,
    key,
    retired: [],
    recovery: fingerprintOf(payload.recoveryKey as PublicKey),
    head: 0,
  };
}

/** The state after a record. Throws `broken-chain`, `bad-signature` or `unknown-critical-record`. */
export function follow(state: ChainState, record: LogRecord): ChainState {
  if (record.log !== state.log || record.epoch !== state.epoch) {
    throw new SkerryError('broken-chain', `record ${record.seq} belongs to another log or epoch`);
  }
  if (record.seq !== state.seq + 1 || record.prev !== state.hash) {
    throw new SkerryError('broken-chain', `record ${record.seq} does not follow record ${state.seq}`);
  }
  const key = record.kind === 'key' ? nextKey(state, record) : state.key;
  if (!verifyRecord(record, key)) {
    throw new SkerryError('bad-signature', `record ${record.seq} is not signed by the origin`);
  }
  if (record.critical && !isKnownKind(record.kind)) {
    throw new SkerryError(
      'unknown-critical-record',
      `record ${record.seq} has the kind ${record.kind}, which this version does not know and must not skip`,
    );
  }
  return afterRecord(state, record, key);
}

/**
 * The state after a checkpoint that replaces records which the feed no longer holds. Throws `broken-chain` or
 * `bad-signature`. A checkpoint contains the complete state after those records, so it is safe to skip them.
 */
export function startAtCheckpoint(state: ChainState, record: LogRecord): ChainState {
  if (record.log !== state.log || record.epoch !== state.epoch || record.kind !== 'checkpoint') {
    throw new SkerryError('broken-chain', `record ${record.seq} is not a checkpoint of this log`);
  }
  if (record.seq <= state.seq)
    throw new SkerryError('broken-chain', `the checkpoint ${record.seq} is not after record ${state.seq}`);
  const { key: payload } = payloads.checkpoint.parseText(record.payload, 'bad-signature');
  const key = validKey(state, payload);
  if (key === undefined || !verifyRecord(record, key)) {
    throw new SkerryError('bad-signature', `the checkpoint ${record.seq} is not signed by the origin`);
  }
  return afterRecord(state, record, key);
}

function afterRecord(state: ChainState, record: LogRecord, key: PublicKey): ChainState {
  // The first record contains the key with which the log began. That key may be older than the key at the join.
  const isReplaced = key !== state.key && state.seq > 0;
  const retired = isReplaced ? [...state.retired, state.key] : state.retired;
  const position = seq(record.seq);
  const head = Math.max(state.head, position);
  return { ...state, key, retired, seq: position, hash: recordHash(record), head };
}

/**
 * The key of a `key` record. The record is signed with the key that it introduces, and the recovery key certifies that
 * key.
 */
function nextKey(state: ChainState, record: LogRecord): PublicKey {
  const key = validKey(state, payloads.key.parseText(record.payload, 'bad-signature'));
  if (key === undefined)
    throw new SkerryError(
      'bad-signature',
      `record ${record.seq} has a key that is not certified, or was replaced`,
    );
  return key;
}

function validKey(
  { log, epoch, recovery, retired }: ChainState,
  payload: Payload<'key'>,
): PublicKey | undefined {
  const key = certifiedKey(log, epoch, payload, recovery);
  return key === undefined || retired.includes(key) ? undefined : key;
}

/**
 * The state after a head. A head that is lower than an earlier one is refused, so that no upstream can rewind the log.
 * Throws `not-yet-held` if the reader has heard of later records, but has none of them: a parent that learns of them
 * later than another upstream has such a head, too.
 */
export function noteHead(state: ChainState, head: Head): ChainState {
  if (head.log !== state.log || head.epoch !== state.epoch || !verifyHead(head, state.key)) {
    throw new SkerryError('bad-signature', 'a head is not signed by the origin');
  }
  if (head.seq < state.seq) {
    throw new SkerryError(
      'broken-chain',
      `a head ends at ${head.seq}, and this edge has the records up to ${state.seq}`,
    );
  }
  if (head.seq === state.seq && head.hash !== state.hash) {
    throw new SkerryError(
      'broken-chain',
      `the head at ${head.seq} does not match the record that this edge stored`,
    );
  }
  if (head.seq < state.head) {
    throw new SkerryError(
      'not-yet-held',
      `a head ends at ${head.seq} after an earlier one ended at ${state.head}`,
    );
  }
  return { ...state, head: head.seq };
}

/**
 * Refuses a path on which the edge would follow itself, directly or through other edges. `path` lists the edges up to
 * the origin. Throws `parent-loop`.
 */
export function refuseLoop(path: readonly string[], name: string, url: string): void {
  if (path.includes(name)) throw new SkerryError('parent-loop', `${url} follows this edge`);
}
