import { AsyncLocalStorage } from 'node:async_hooks';

interface Waiting<T, R> {
  readonly item: T;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
  readonly inContext: ReturnType<typeof AsyncLocalStorage.snapshot>;
}

/**
 * Implements group commit. The items that are added while a batch runs become the next batch, so many concurrent
 * callers share one sync to disk. A single caller never waits for others: if it adds each item only after the previous
 * one is answered, every item is a batch of its own. When a batch fails, it fails for all of its callers. A batch runs
 * in the async context of its first item, not in the context of the call that started the batcher.
 */
export class Batcher<T, R> {
  readonly #run: (items: T[]) => Promise<R>;
  readonly #most: number;
  #waiting: Waiting<T, R>[] = [];
  #running = false;

  constructor(run: (items: T[]) => Promise<R>, most: number) {
    this.#run = run;
    this.#most = most;
  }

  get isIdle(): boolean {
    return !this.#running;
  }

  add(item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject, inContext: AsyncLocalStorage.snapshot() });
      if (!this.#running) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#running = true;
    for (let batch = this.#next(); batch[0] !== undefined; batch = this.#next()) {
      try {
        const items = batch.map(({ item }) => item);
        const result = await batch[0].inContext(this.#run, items);
        for (const { resolve } of batch) resolve(result);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#running = false;
  }

  #next(): Waiting<T, R>[] {
    return this.#waiting.splice(0, this.#most);
  }
}
