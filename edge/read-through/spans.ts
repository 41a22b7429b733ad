import type { ByteSpan } from '../../shared/store/byte-span.ts';

/** The bytes of an object that have arrived, as ordered spans that neither touch nor overlap. */
export class Spans {
  readonly #spans: ByteSpan[] = [];

  add({ start, end }: ByteSpan): void {
    if (start >= end) return;
    const first = this.#firstEndingAt(start);
    let last = first;
    let joined: ByteSpan = { start, end };
    for (let span = this.#spans[last]; span !== undefined && span.start <= end; span = this.#spans[++last])
      joined = { start: Math.min(joined.start, span.start), end: Math.max(joined.end, span.end) };
    this.#spans.splice(first, last - first, joined);
  }

  /** Where the bytes from `at` on have their first gap: `at` itself when that byte is missing. */
  endFrom(at: number): number {
    const span = this.#spans[this.#firstEndingAt(at + 1)];
    return span !== undefined && span.start <= at ? span.end : at;
  }

  covers({ start, end }: ByteSpan): boolean {
    return this.endFrom(start) >= end;
  }

  /** The spans that have bytes in this range. */
  within({ start, end }: ByteSpan): readonly ByteSpan[] {
    const from = this.#firstEndingAt(start + 1);
    let to = from;
    while ((this.#spans[to]?.start ?? end) < end) to++;
    return this.#spans.slice(from, to);
  }

  /** The index of the first span that ends at this byte or later. */
  #firstEndingAt(at: number): number {
    let low = 0;
    let high = this.#spans.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#spans[middle]?.end ?? 0) < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
