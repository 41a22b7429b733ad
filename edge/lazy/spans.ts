import type { ByteSpan } from '../activate/messages.ts';

export type Span = ByteSpan;

/** Which bytes of an object are there: spans that neither touch nor overlap, in order. */
export class Spans {
  #spans: Span[] = [];

  add(added: Span): void {
    if (added.start >= added.end) return;
    const before = this.#spans.filter(({ end }) => end < added.start);
    const after = this.#spans.filter(({ start }) => start > added.end);
    const touching = this.#spans.slice(before.length, this.#spans.length - after.length);
    const start = Math.min(added.start, ...touching.map((span) => span.start));
    const end = Math.max(added.end, ...touching.map((span) => span.end));
    this.#spans = [...before, { start, end }, ...after];
  }

  /** Where what is there without a gap from `at` on ends; `at` itself when that byte is not there. */
  endFrom(at: number): number {
    return this.#spans.find(({ start, end }) => start <= at && at < end)?.end ?? at;
  }

  covers({ start, end }: Span): boolean {
    return this.endFrom(start) >= end;
  }

  list(): readonly Span[] {
    return this.#spans;
  }
}
