import type { LogRecord } from './record.ts';

/** Parses records from the column `json`, one by one as the caller takes them. */
export function* storedRecords(rows: Iterable<{ readonly [column: string]: unknown }>): Generator<LogRecord> {
  for (const { json } of rows) yield JSON.parse(json as string) as LogRecord;
}
