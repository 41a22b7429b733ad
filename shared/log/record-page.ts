import type { LogRecord } from './record.ts';

/** A page that has come to so many bytes is full; it is never empty, so that one record may pass them alone. */
export const PAGE_BYTES = 1024 * 1024;
/** Of a record besides its payload. */
const REST_BYTES = 512;

/** Records in order, until there are `most` of them or they have come to `PAGE_BYTES`. */
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

/** What a record takes of a page. */
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

/** Whether more may follow a page that was read with this limit: else it ends where the log does. */
export function isFullPage(records: readonly LogRecord[], most: number): boolean {
  const page = new RecordPage(most);
  for (const record of records) page.add(record);
  return page.isFull;
}
