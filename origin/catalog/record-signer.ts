import { type Head, signHead } from '../../shared/log/head.ts';
import { type LogRecord, signRecord, type UnsignedRecord } from '../../shared/log/record.ts';
import type { SigningKey } from '../../shared/signing/keys.ts';

/**
 * Signs records and heads. A catalog calls it within the transaction that appends, under the lock that assigns sequence
 * numbers. So it must return at once, and a signed record may still be rolled back.
 */
export interface RecordSigner {
  record(unsigned: UnsignedRecord): LogRecord;
  head(unsigned: Omit<Head, 'sig'>): Head;
}

/** A signer with a key that this process holds. */
export function signerWith(key: SigningKey): RecordSigner {
  return {
    record: (unsigned) => signRecord(unsigned, key),
    head: (unsigned) => signHead(unsigned, key),
  };
}
