import type { Purge } from '../../shared/wire/api.ts';
import { printJson, printLine, printTable, timestamp } from '../terminal/output.ts';

/** Prints which edges have carried out a purge, with its record, by which receipts are exported later. */
export function printPurge(purge: Purge, json: boolean | undefined): void {
  if (json) {
    printJson(purge);
    return;
  }
  printTable(
    ['edge', 'done (utc)', 'matched'],
    purge.receipts.map(({ edge, since, matched }) => [edge, timestamp(since), String(matched)]),
  );
  printLine(`record ${purge.seq}`);
}
