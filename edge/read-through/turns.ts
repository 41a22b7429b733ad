import { FairQueue } from '../../shared/concurrency/fair-queue.ts';

interface Turn<T> {
  readonly client: string;
  readonly item: T;
}

/**
 * What clients wait for. They take turns, however much each of them waits for; what several wait for comes with the
 * turn of whichever of them is first. `ReadThrough` bounds how much it is.
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

  /** Nobody waits for it any more. */
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
