/** Bytes from `start` up to, not including, `end`. */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

export function spanLength({ start, end }: ByteSpan): number {
  return end - start;
}

/** As in HTTP, which names the last byte: `0-9` are the first ten bytes. A span of no bytes has no such form. */
export function inHttp({ start, end }: ByteSpan): string {
  return `${start}-${end - 1}`;
}
