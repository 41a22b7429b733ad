export interface FairShareOptions {
  readonly inAll: number;
  /** What one owner may have, however much is left. */
  readonly perOwner?: number;
}

/**
 * Something scarce that several have parts of. Nobody has more than he leaves to the others: one takes half of it at
 * most, the next one half of the rest, and there is something left for who comes next.
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

  /** Whether the owner may take so much more. */
  has(owner: string, amount = 1): boolean {
    return this.#allows((this.#of.get(owner) ?? 0) + amount, this.#inAll - this.#taken);
  }

  /** Whether the owner might take one when `leaver` has given one back. */
  hasInPlaceOf(leaver: string, owner: string): boolean {
    const own = this.#of.get(owner) ?? 0;
    return this.#allows(owner === leaver ? own : own + 1, this.#inAll - this.#taken + 1);
  }

  #allows(own: number, left: number): boolean {
    return own <= this.#perOwner && own <= left;
  }

  /** Call what is returned once to give it back; undefined when the owner has too much already. */
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
