import type { VariantRequest } from '../messages/use.ts';

const MOST = 10_000;

/** Entries that readers request and that lack variants. The most requested entry comes first. */
export class VariantQueue {
  readonly #entries = new Map<string, VariantRequest>();

  add(wanted: readonly VariantRequest[]): void {
    for (const one of wanted) {
      const key = `${one.site} ${one.path}`;
      const before = this.#entries.get(key);
      if (before === undefined && this.#entries.size >= MOST) continue;
      this.#entries.set(key, { ...one, times: one.times + (before?.times ?? 0) });
    }
  }

  /** Removes and returns the most requested entry. */
  next(): VariantRequest | undefined {
    let hottest: [string, VariantRequest] | undefined;
    for (const entry of this.#entries)
      if (hottest === undefined || entry[1].times > hottest[1].times) hottest = entry;
    if (hottest !== undefined) this.#entries.delete(hottest[0]);
    return hottest?.[1];
  }
}
