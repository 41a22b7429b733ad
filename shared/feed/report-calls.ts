import { MOST_CALLED } from '../wire/frame.ts';

interface Call {
  readonly number: number;
  /** Null means all edges. */
  readonly edges: readonly string[] | null;
}

/**
 * The number of calls that are kept for followers. A follower that has missed more calls than that gets a call to all
 * edges.
 */
const MOST_KEPT = 32;

/**
 * Keeps the calls, which are requests to edges to report now. Each follower of a feed gets the calls that were made
 * since it last asked.
 */
export class ReportCalls {
  readonly #kept: Call[] = [];
  #newest = 0;

  /** The number of the newest call. */
  get newest(): number {
    return this.#newest;
  }

  /** Calls these edges, or all of them. The caller then wakes the followers of its feed. */
  call(edges: readonly string[] | null): void {
    this.#kept.push({ number: ++this.#newest, edges });
    if (this.#kept.length > MOST_KEPT) this.#kept.shift();
  }

  /** The edges that were called after the call `last`: null for all, undefined for none. */
  since(last: number): readonly string[] | null | undefined {
    if (last >= this.#newest) return undefined;
    const calls = this.#kept.filter(({ number }) => number > last);
    if (calls.length < this.#newest - last) return null;
    const names = new Set<string>();
    for (const { edges } of calls) {
      if (edges === null) return null;
      for (const edge of edges) names.add(edge);
    }
    return names.size > MOST_CALLED ? null : [...names];
  }
}
