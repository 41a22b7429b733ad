import type { Digest } from '../../shared/content/digest.ts';
import type { Head } from '../../shared/log/head.ts';
import type { LogRecord } from '../../shared/log/record.ts';
import type { Payload } from '../../shared/log/record-kinds.ts';

interface FoundedLog {
  readonly log: string;
  readonly epoch: number;
  readonly key: Payload<'key'>;
}

/** Reads of the log. Many followers call them at once, and none of them changes anything. */
export interface LogReads {
  /** Undefined before the log is created. */
  identity(): FoundedLog | undefined;
  /** Up to `limit` records from `from` on, ascending. Fewer when the records are large, and none beyond the end. */
  records(from: number, limit: number): LogRecord[];
  /** A page of the last records, ascending, limited like `records`. */
  newestRecords(limit: number): LogRecord[];
  /** The first record that is kept: 1, or the checkpoint up to which the log is pruned. */
  firstSeq(): number;
  /** The signed end of the log. No later call returns a lower one. */
  head(time: number): Head;
  /** The hash of a record. `pruned` when the record is pruned, `beyond` when the log does not reach it. */
  hashAt(seq: number): Digest | 'pruned' | 'beyond';
}

export interface LogCalls extends LogReads {
  /** Creates the log with its first `key` record. Does nothing when there is a log, whatever its id. */
  found(log: string, key: Payload<'key'>, time: number): void;
  /**
   * From now on, every call that would append a record throws `log-diverged` with this message, until the catalog is
   * closed. A repeated call replaces the message. Nodes that share a catalog write one log, so this denies all of them:
   * it stores the denial, each append looks for it in its own transaction, and the first node that opens the catalog
   * alone removes it.
   */
  denyAppends(why: string): void;
}
