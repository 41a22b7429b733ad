import { type Head, signHead } from '../../shared/log/head.ts';
import { type LogRecord, signRecord, type UnsignedRecord } from '../../shared/log/record.ts';
import type { SigningKey } from '../../shared/signing/keys.ts';

/**
 * Signs for the log. A catalog asks it within the transaction that appends, under the lock that gives out sequence
 * numbers: it answers at once, and what it has signed may still be rolled back.
 */
export interface RecordSigner {
  record(unsigned: UnsignedRecord): LogRecord;
  head(unsigned: Omit<Head, 'sig'>): Head;
}

/** With a key that this process holds. */
export function signerWith(key: SigningKey): RecordSigner {
  return {
    record: (unsigned) => signRecord(unsigned, key),
    head: (unsigned) => signHead(unsigned, key),
  };
}
