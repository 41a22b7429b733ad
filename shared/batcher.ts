/**
 * Group commit: what is added while a batch runs becomes the next batch, so that many concurrent callers share
 * one sync to disk and a lone one never waits. A batch that fails fails for all its callers.
 */
export class Batcher<T, R> {
  readonly #run: (items: T[]) => Promise<R>;
  readonly #most: number;
  #waiting: { item: T; resolve: (result: R) => void; reject: (error: unknown) => void }[] = [];
  #running = false;

  constructor(run: (items: T[]) => Promise<R>, most: number) {
    this.#run = run;
    this.#most = most;
  }

  add(item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (!this.#running) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#most);
      try {
        const result = await this.#run(batch.map(({ item }) => item));
        for (const { resolve } of batch) resolve(result);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#running = false;
  }
}
