import type { LogRecord } from './record.ts';

/** A page is full when it has this many bytes. It holds at least one record, which alone may exceed them. */
export const PAGE_BYTES = 1024 * 1024;
/** About as many bytes as a record has besides its payload. */
const REST_BYTES = 512;

/** Collects records in order, until there are `most` of them or they reach `PAGE_BYTES`. */
export class RecordPage {
  readonly records: LogRecord[] = [];
  readonly #most: number;
  #bytes = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get isFull(): boolean {
    return isPageFull({ records: this.records.length, bytes: this.#bytes }, this.#most);
  }

  add(record: LogRecord): void {
    this.records.push(record);
    this.#bytes += pageBytes(record);
  }
}

/** The bytes of a page that a record takes up. */
export function pageBytes({ payload }: LogRecord): number {
  return Buffer.byteLength(payload) + REST_BYTES;
}

export function isPageFull(
  page: { readonly records: number; readonly bytes: number },
  most: number,
): boolean {
  return page.records >= most || page.bytes >= PAGE_BYTES;
}

/** The first page of the records. */
export function pageOf(records: Iterable<LogRecord>, most: number): LogRecord[] {
  const page = new RecordPage(most);
  for (const record of records) {
    page.add(record);
    if (page.isFull) break;
  }
  return page.records;
}

/**
 * Whether more records may follow a page that was read with this limit. If not, the page ends at the end of the log.
 */
export function isFullPage(records: readonly LogRecord[], most: number): boolean {
  const page = new RecordPage(most);
  for (const record of records) page.add(record);
  return page.isFull;
}
