import type { LogRecord } from './record.ts';

/** Those that were selected as `json`, parsed one by one as they are taken. */
export function* storedRecords(rows: Iterable<{ readonly [column: string]: unknown }>): Generator<LogRecord> {
  for (const { json } of rows) yield JSON.parse(json as string) as LogRecord;
}
