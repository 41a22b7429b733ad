import { certifyKey } from '../../../shared/log/certificate.ts';
import { type ChainState, firstChainState } from '../../../shared/log/chain-state.ts';
import { type Head, signHead } from '../../../shared/log/head.ts';
import {
  GENESIS,
  type LogRecord,
  recordHash,
  signRecord,
  type UnsignedRecord,
} from '../../../shared/log/record.ts';
import type { SigningKey } from '../../../shared/signing/keys.ts';
import type { Frame } from '../../../shared/wire/frame.ts';
import { LOG, originKey, recoveryKey } from '../shared/fixed-keys.ts';

const certificate = certifyKey(LOG, 1, originKey.publicKey, recoveryKey);

/** A log as an origin signs it, record by record. */
export class SignedLog {
  readonly records: LogRecord[] = [];

  /** What an edge knows that has joined and has followed nothing yet. */
  static start(): ChainState {
    return firstChainState(LOG, 1, certificate, recoveryKey.fingerprint);
  }

  append(changes: Partial<UnsignedRecord> = {}, signer: SigningKey = originKey): LogRecord {
    const last = this.records.at(-1);
    const record = signRecord(
      {
        log: LOG,
        epoch: 1,
        seq: (last?.seq ?? 0) + 1,
        prev: last === undefined ? GENESIS : recordHash(last),
        kind: 'abort',
        critical: false,
        time: 1000,
        site: 1,
        revision: 1,
        root: null,
        payload: '{"reason":"test"}',
        ...changes,
      },
      signer,
    );
    this.records.push(record);
    return record;
  }

  checkpoint(payload: object = {}, changes: Partial<UnsignedRecord> = {}, signer = originKey): LogRecord {
    const whole = { key: certificate, sites: [], members: [], ...payload };
    return this.append(
      {
        kind: 'checkpoint',
        critical: true,
        site: 0,
        revision: 0,
        payload: JSON.stringify(whole),
        ...changes,
      },
      signer,
    );
  }

  head(time = 1000, changes: Partial<Head> = {}, signer: SigningKey = originKey): Head {
    const last = this.records.at(-1);
    const hash = last === undefined ? GENESIS : recordHash(last);
    return signHead({ log: LOG, epoch: 1, seq: last?.seq ?? 0, hash, time, ...changes }, signer);
  }
}

export const recordFrame = (record: LogRecord): Frame => ({ v: 1, t: 'record', record });
export const headFrame = (head: Head): Frame => ({ v: 1, t: 'head', head });
export const callFrame = (edges: string[] | null): Frame => ({ v: 1, t: 'report-now', edges });
export const aheadFrame = (...sites: number[]): Frame => ({ v: 1, t: 'objects-ahead', sites });
export const pathFrame = (...names: string[]): Frame => ({ v: 1, t: 'path', names });
