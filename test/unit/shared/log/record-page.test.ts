import t from 'tap';
import type { LogRecord } from '../../../../shared/log/record.ts';
import { isFullPage, PAGE_BYTES, pageOf, RecordPage } from '../../../../shared/log/record-page.ts';

const record = (bytes: number) => ({ payload: 'x'.repeat(bytes) }) as LogRecord;

t.test('a page ends with its last record, or when it has come to its bytes', async (t) => {
  const half = record(PAGE_BYTES / 2);
  const table: [title: string, records: LogRecord[], most: number, taken: number, isFull: boolean][] = [
    ['none', [], 10, 0, false],
    ['few', [record(1), record(1)], 10, 2, false],
    ['as many as there may be', Array(10).fill(record(1)), 10, 10, true],
    ['more', Array(11).fill(record(1)), 10, 10, true],
    ['large ones', Array(9).fill(half), 10, 2, true],
    ['one that is larger than a page', [record(3 * PAGE_BYTES), record(1)], 10, 1, true],
    ['one after a small one', [record(1), record(3 * PAGE_BYTES), record(1)], 10, 2, true],
  ];
  for (const [title, records, most, taken, isFull] of table) {
    const page = pageOf(records, most);
    t.equal(page.length, taken, title);
    t.equal(isFullPage(page, most), isFull, title);
  }
});

t.test('a page counts bytes, not characters', async (t) => {
  const page = new RecordPage(10);
  page.add({ payload: 'ø'.repeat(PAGE_BYTES / 2) } as LogRecord);
  t.ok(page.isFull);
});
