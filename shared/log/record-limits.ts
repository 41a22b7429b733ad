import { SkerryError } from '../errors.ts';
import { jsonFault } from '../json/bounded-json.ts';
import type { Schema } from '../json/schema.ts';
import { isKnownKind, type Payload, payloads, type RecordKind } from './record-kinds.ts';

const KIB = 1024;

/** The most bytes of UTF-8 that the text of a payload has, by its kind. What is larger is never written. */
export const MOST_WRITTEN = {
  key: 4 * KIB,
  /** A checkpoint holds those of all sites: 256 of the largest fit. */
  settings: 16 * KIB,
  member: 8 * KIB,
  revision: 8 * KIB,
  activate: 4 * KIB,
  abort: 4 * KIB,
  outcome: 1024 * KIB,
  purge: 64 * KIB,
  checkpoint: 4096 * KIB,
} as const satisfies Record<RecordKind, number>;

/** Readers take a quarter more: an edge follows an origin whose limits are a little higher. */
const most = (written: number) => written + written / 4;

/** What readers take of kinds that they do not know, and so the most that they take of any. */
export const MOST_READ = most(Math.max(...Object.values(MOST_WRITTEN)));

export function mostRead(kind: string): number {
  return isKnownKind(kind) ? most(MOST_WRITTEN[kind]) : MOST_READ;
}

/**
 * The text of a payload as records carry it. Throws `record-too-large`, and `internal` for what readers could not
 * parse: a record that an edge cannot take would stop everything that follows it.
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
