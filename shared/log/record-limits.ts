import { SkerryError } from '../errors.ts';
import { jsonFault } from '../json/bounded-json.ts';
import type { Schema } from '../json/schema.ts';
import { isKnownKind, type Payload, payloads, type RecordKind } from './record-kinds.ts';

const KIB = 1024;

/** The largest payload of each kind, in bytes of UTF-8. A larger one is never written. */
export const MOST_WRITTEN = {
  key: 4 * KIB,
  /** A checkpoint holds the settings of all sites. It has room for 256 settings of this size. */
  settings: 16 * KIB,
  member: 8 * KIB,
  revision: 8 * KIB,
  activate: 4 * KIB,
  abort: 4 * KIB,
  alias: 1 * KIB,
  /** It names up to 10,000 edges. */
  rollout: 1024 * KIB,
  outcome: 1024 * KIB,
  purge: 64 * KIB,
  checkpoint: 4096 * KIB,
} as const satisfies Record<RecordKind, number>;

/** Readers accept a quarter more, so that an edge can follow an origin whose limits are a little higher. */
const most = (written: number) => written + written / 4;

/** The largest payload that readers accept of an unknown kind, which is also the largest of any kind. */
export const MOST_READ = most(Math.max(...Object.values(MOST_WRITTEN)));

export function mostRead(kind: string): number {
  return isKnownKind(kind) ? most(MOST_WRITTEN[kind]) : MOST_READ;
}

/**
 * The text of a payload as records carry it. Throws `record-too-large` if the payload exceeds its limit or if readers
 * could not parse it, because an edge that cannot read a record stops following the log. Throws `internal` if the
 * payload does not match its schema.
 */
export function payloadText<K extends RecordKind>(kind: K, payload: Payload<K>): string {
  (payloads[kind] as Schema<unknown>).parse(payload, 'internal');
  const text = JSON.stringify(payload);
  const fault = jsonFault(text);
  if (fault !== undefined)
    throw new SkerryError('record-too-large', `the payload of a record of the kind ${kind} ${fault}`);
  const bytes = Buffer.byteLength(text);
  if (bytes > MOST_WRITTEN[kind])
    throw new SkerryError(
      'record-too-large',
      `a record of the kind ${kind} has at most ${MOST_WRITTEN[kind]} bytes, and this one would have ${bytes}`,
    );
  return text;
}
