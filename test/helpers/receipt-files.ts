import { digestOf } from '../../shared/content/digest.ts';
import { certifyKey } from '../../shared/log/certificate.ts';
import { signPurgeReceipt } from '../../shared/log/purge-receipt.ts';
import { type Receipt, signReceipt } from '../../shared/log/receipt.ts';
import {
  GENESIS,
  type LogRecord,
  recordHash,
  signRecord,
  type UnsignedRecord,
} from '../../shared/log/record.ts';
import type { ReceiptFile } from '../../shared/receipts/receipt-file.ts';
import { type Roster, type RosterMember, signRoster } from '../../shared/receipts/roster.ts';
import { shownBy } from '../../shared/receipts/shown-by.ts';
import { generateSigningKey, type SigningKey } from '../../shared/signing/keys.ts';
import { LOG, originKey, ROOT, recoveryKey, TIME } from '../unit/shared/fixed-keys.ts';

const OTHER_ROOT = digestOf('another root');

export interface Host {
  readonly name: string;
  readonly key: SigningKey;
  readonly state?: RosterMember[3];
  /** False for an edge that has not answered. */
  readonly answered?: boolean;
}

export function hosts(count: number): Host[] {
  return Array.from({ length: count }, (_, at) => ({
    name: `edge-${String(at).padStart(3, '0')}`,
    key: generateSigningKey(),
  }));
}

export function activation(changes: Partial<UnsignedRecord> = {}, key = originKey): LogRecord {
  const named = { log: LOG, epoch: 1, seq: 3, prev: GENESIS, kind: 'activate', critical: true, time: TIME };
  const record = { ...named, site: 1, revision: 1, root: ROOT, payload: '{"mode":"async"}', ...changes };
  return signRecord(record, key);
}

/** A step of a rollout of revision 2 over 1, and the record that takes it back. */
export const STEP = activation({
  ...{ kind: 'rollout', seq: 5, revision: 2, root: OTHER_ROOT },
  payload: '{"base":1,"step":1,"files":1,"paths":[],"edges":["edge-000"]}',
});
export const TAKEN_BACK = activation({
  ...{ kind: 'abort', seq: 6, revision: 2, root: OTHER_ROOT },
  payload: `{"reason":"it is bad","shows":{"revision":1,"root":"${ROOT}"}}`,
});

export function receiptOf({ name, key }: Host, record: LogRecord, changes: Partial<Receipt> = {}): Receipt {
  const { log, epoch, site, seq } = record;
  const { revision, root } = shownBy(record) ?? { revision: record.revision, root: record.root ?? ROOT };
  const subject = { log, epoch, edge: name, site, revision, root, seq };
  return signReceipt({ ...subject, since: TIME + 2000, covers: 'all', ...changes }, key);
}

export function purgeReceiptOf({ name, key }: Host, { log, epoch, site, seq }: LogRecord) {
  return signPurgeReceipt({ log, epoch, edge: name, site, seq, matched: 2, since: TIME + 2000 }, key);
}

/** The signing keys of an origin, each with its first record. The last one signs the roster. */
export type Keys = readonly (readonly [key: SigningKey, from: number])[];

/** A file as an origin writes it, with the receipts of all hosts that have answered. */
export function receiptFile(
  of: readonly Host[],
  {
    record = activation(),
    keys = [[originKey, 1]],
    roster = {},
    recovery = recoveryKey,
  }: {
    readonly record?: LogRecord;
    readonly keys?: Keys;
    readonly roster?: Partial<Roster>;
    readonly recovery?: SigningKey;
  } = {},
): ReceiptFile {
  const answered = of.filter((host) => host.answered ?? true);
  const newest = keys.at(-1)?.[0] ?? originKey;
  return {
    format: 'skerry-receipts-1',
    certificates: keys.map(([key]) => certifyKey(record.log, record.epoch, key.publicKey, recovery)),
    record,
    roster: signRoster(
      {
        ...{ log: record.log, epoch: record.epoch, seq: 9, hash: GENESIS, time: TIME + 9000, site: 'docs' },
        about: recordHash(record),
        keys: keys.map(([key, from]) => [key.publicKey, from]),
        members: of.map(({ name, key, state = 'member', answered = true }) => [
          ...([name, 'eu-north', key.publicKey, state, answered] as const),
        ]),
        ...roster,
      },
      newest,
    ),
    receipts: answered.map((host) =>
      record.kind === 'purge' ? purgeReceiptOf(host, record) : receiptOf(host, record),
    ),
  };
}
