import type { StatementSync } from 'node:sqlite';
import type { LogRecord } from './record.ts';

/** Those that a statement selects as `json`, parsed one by one as they are taken. */
export function* storedRecords(select: StatementSync, ...parameters: number[]): Generator<LogRecord> {
  for (const { json } of select.iterate(...parameters)) yield JSON.parse(json as string) as LogRecord;
}
