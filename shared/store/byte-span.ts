/** The bytes from `start` up to, but not including, `end`. */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

export function spanLength({ start, end }: ByteSpan): number {
  return end - start;
}

/**
 * The span in the form of HTTP, which names the last byte: `0-9` are the first ten bytes. An empty span has no such
 * form.
 */
export function inHttp({ start, end }: ByteSpan): string {
  return `${start}-${end - 1}`;
}
