export interface FairShareOptions {
  readonly inAll: number;
  /** The maximum for one owner, however much is left. */
  readonly perOwner?: number;
}

/**
 * Divides a scarce resource among several owners. No owner may hold more than is left for the others: the first takes
 * at most half, the second at most half of the rest, so something always remains for another owner.
 */
export class FairShare {
  readonly #inAll: number;
  readonly #perOwner: number;
  readonly #of = new Map<string, number>();
  #taken = 0;

  constructor({ inAll, perOwner = inAll }: FairShareOptions) {
    this.#inAll = inAll;
    this.#perOwner = perOwner;
  }

  /** Whether the owner may take this much more. */
  has(owner: string, amount = 1): boolean {
    return this.#allows((this.#of.get(owner) ?? 0) + amount, this.#inAll - this.#taken);
  }

  /** Whether the owner could take one unit if `leaver` gave one back. */
  hasInPlaceOf(leaver: string, owner: string): boolean {
    const own = this.#of.get(owner) ?? 0;
    return this.#allows(owner === leaver ? own : own + 1, this.#inAll - this.#taken + 1);
  }

  #allows(own: number, left: number): boolean {
    return own <= this.#perOwner && own <= left;
  }

  /**
   * Returns a function that gives the share back and must be called once, or undefined when the owner may not take so
   * much.
   */
  take(owner: string, amount = 1): (() => void) | undefined {
    if (!this.has(owner, amount)) return undefined;
    this.#add(owner, amount);
    return () => this.#add(owner, -amount);
  }

  #add(owner: string, amount: number): void {
    const own = (this.#of.get(owner) ?? 0) + amount;
    if (own > 0) this.#of.set(owner, own);
    else this.#of.delete(owner);
    this.#taken += amount;
  }
}
