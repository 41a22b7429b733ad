import type { Digest } from '../../shared/content/digest.ts';
import type { Head } from '../../shared/log/head.ts';
import type { LogRecord } from '../../shared/log/record.ts';
import type { Payload } from '../../shared/log/record-kinds.ts';

interface FoundedLog {
  readonly log: string;
  readonly epoch: number;
  readonly key: Payload<'key'>;
}

/** What anybody may ask of the log. Those of many followers come at once: none changes anything. */
export interface LogReads {
  /** Undefined before the log is founded. */
  identity(): FoundedLog | undefined;
  /** A page of records from `from` on, ascending: `limit` of them, or fewer when these have many bytes; none beyond the end. */
  records(from: number, limit: number): LogRecord[];
  /** As `records`, of those at the end. */
  newestRecords(limit: number): LogRecord[];
  /** Where the log begins: at 1, or at the checkpoint up to which it is pruned. */
  firstSeq(): number;
  /** The end of the log, signed: no later call gives a lower one. */
  head(time: number): Head;
  /** The hash of a record, or why there is none: it was pruned, or the log does not go that far. */
  hashAt(seq: number): Digest | 'pruned' | 'beyond';
}

export interface LogCalls extends LogReads {
  /** Creates the log with its first `key` record; does nothing when there is one, whatever its name. */
  found(log: string, key: Payload<'key'>, time: number): void;
  /**
   * From now on, until the process ends, whatever would append a record throws `log-diverged`, with this message;
   * repeated, with the last one.
   */
  denyAppends(why: string): void;
}
