import type { Digest } from '../../shared/content/digest.ts';
import { GENESIS, type LogRecord, recordHash } from '../../shared/log/record.ts';
import { payloadText } from '../../shared/log/record-limits.ts';
import { IS_CRITICAL, type RecordDraft } from './record-draft.ts';
import type { RecordSigner } from './record-signer.ts';

export interface LogEpoch {
  readonly log: string;
  readonly epoch: number;
}

/** The last record of a log, or `EMPTY_LOG` before the first. */
export interface LogEnd {
  readonly seq: number;
  readonly hash: Digest;
}

export const EMPTY_LOG: LogEnd = { seq: 0, hash: GENESIS };

export interface NextRecord {
  readonly record: LogRecord;
  readonly hash: Digest;
}

/** Numbers, chains and signs drafts after the end of the log. Throws `record-too-large` before it signs any. */
export function nextRecords(
  end: LogEnd,
  epoch: LogEpoch,
  drafts: readonly RecordDraft[],
  time: number,
  signer: Pick<RecordSigner, 'record'>,
): NextRecord[] {
  const sayings = drafts.map((draft) => ({
    ...draft,
    critical: IS_CRITICAL[draft.kind],
    payload: payloadText(draft.kind, draft.payload),
  }));
  let { seq, hash } = end;
  return sayings.map((saying) => {
    seq += 1;
    const record = signer.record({ ...epoch, ...saying, seq, prev: hash, time });
    hash = recordHash(record);
    return { record, hash };
  });
}
