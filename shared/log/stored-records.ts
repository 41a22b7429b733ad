import type { StatementSync } from 'node:sqlite';
import type { LogRecord } from './record.ts';

/** The records that a statement selects as `json`. Each is parsed when it is taken. */
export function* storedRecords(select: StatementSync, ...parameters: number[]): Generator<LogRecord> {
  for (const { json } of select.iterate(...parameters)) yield JSON.parse(json as string) as LogRecord;
}
