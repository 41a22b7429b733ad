/**
 * Runs jobs in the order in which they are added, at most `atOnce` in parallel. After the first failure no further job
 * begins. Whoever adds jobs bounds their number.
 */
export class JobQueue {
  readonly #atOnce: number;
  readonly #waiting: (() => Promise<void>)[] = [];
  readonly #workers = new Set<Promise<void>>();
  #failure: { error: unknown } | undefined;

  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  add(job: () => Promise<void>): void {
    this.#waiting.push(job);
    if (this.#workers.size === this.#atOnce) return;
    const worker = this.#work().finally(() => this.#workers.delete(worker));
    this.#workers.add(worker);
  }

  /** Drops the jobs that have not begun. */
  clear(): void {
    this.#waiting.length = 0;
  }

  /** Resolves when all jobs have ended. Throws the first failure, when the jobs that had begun have ended. */
  async ended(): Promise<void> {
    while (this.#workers.size > 0) await Promise.all(this.#workers);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #work(): Promise<void> {
    for (let job = this.#next(); job !== undefined; job = this.#next())
      await job().catch((error: unknown) => {
        this.#failure ??= { error };
      });
  }

  #next(): (() => Promise<void>) | undefined {
    return this.#failure === undefined ? this.#waiting.shift() : undefined;
  }
}
