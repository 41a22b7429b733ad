import { FairQueue } from '../../shared/concurrency/fair-queue.ts';

interface Turn<T> {
  readonly client: string;
  readonly item: T;
}

/**
 * The items that clients wait for. Clients take turns, however many items each of them waits for. If several clients
 * wait for an item, it is taken in the first turn of any of them. `ReadThrough` limits how many items wait.
 */
export class Turns<T> {
  readonly #waiting = new FairQueue<Turn<T>>({
    perOwner: Number.POSITIVE_INFINITY,
    inAll: Number.POSITIVE_INFINITY,
  });
  readonly #of = new Map<T, Map<string, Turn<T>>>();

  add(client: string, item: T): void {
    const turns = this.#of.get(item) ?? new Map<string, Turn<T>>();
    if (turns.has(client)) return;
    const turn = { client, item };
    this.#of.set(item, turns.set(client, turn));
    this.#waiting.add(client, turn);
  }

  /** Removes the item. Called when no client waits for it any more. */
  delete(item: T): void {
    for (const turn of this.#of.get(item)?.values() ?? []) this.#waiting.remove(turn.client, turn);
    this.#of.delete(item);
  }

  next(accepts: (turn: Turn<T>) => boolean): Turn<T> | undefined {
    const turn = this.#waiting.next(accepts);
    if (turn !== undefined) this.delete(turn.item);
    return turn;
  }

  has(accepts: (turn: Turn<T>) => boolean): boolean {
    return this.#waiting.has(accepts);
  }
}
