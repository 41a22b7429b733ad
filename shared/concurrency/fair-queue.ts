export interface FairQueueOptions {
  /** The maximum number of waiting items of one owner. */
  readonly perOwner: number;
  readonly inAll: number;
}

/** A queue in which owners take turns, however many items each of them has waiting. */
export class FairQueue<T> {
  readonly #perOwner: number;
  readonly #inAll: number;
  /** The waiting items by owner, in the order of the owners' turns. No list is empty. */
  readonly #queues = new Map<string, T[]>();
  #size = 0;

  constructor({ perOwner, inAll }: FairQueueOptions) {
    this.#perOwner = perOwner;
    this.#inAll = inAll;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Adds an item. When there is no room, returns the item that was refused: the new item if its owner is at its limit,
   * otherwise the newest item of the owner with the most waiting items. Returns undefined while there is room.
   */
  add(owner: string, item: T): T | undefined {
    const own = this.#queues.get(owner) ?? [];
    if (own.length >= this.#perOwner) return item;
    own.push(item);
    this.#queues.set(owner, own);
    this.#size++;
    return this.#size > this.#inAll ? this.#newestOfLongest() : undefined;
  }

  /** Takes the oldest item of the owner whose turn it is. An owner whose oldest item is not accepted is skipped. */
  next(accepts: (item: T) => boolean = () => true): T | undefined {
    for (const [owner, items] of this.#queues) {
      const [item] = items;
      if (item === undefined || !accepts(item)) continue;
      this.#queues.delete(owner);
      items.shift();
      if (items.length > 0) this.#queues.set(owner, items);
      this.#size--;
      return item;
    }
    return undefined;
  }

  /** Whether `next` would return an item. */
  has(accepts: (item: T) => boolean): boolean {
    for (const [item] of this.#queues.values()) if (item !== undefined && accepts(item)) return true;
    return false;
  }

  /** Removes an item before its turn, if it is waiting. */
  remove(owner: string, item: T): void {
    const items = this.#queues.get(owner) ?? [];
    const at = items.indexOf(item);
    if (at === -1) return;
    items.splice(at, 1);
    if (items.length === 0) this.#queues.delete(owner);
    this.#size--;
  }

  #newestOfLongest(): T | undefined {
    const [owner, items] = [...this.#queues].reduce((most, one) =>
      one[1].length > most[1].length ? one : most,
    );
    const item = items.pop();
    if (items.length === 0) this.#queues.delete(owner);
    this.#size--;
    return item;
  }
}
