/** Lets any number of loops wait for something new without holding a queue for them. */
export class Wakeup {
  #waiters = new Set<() => void>();
  readonly #always: (() => void)[] = [];

  /** Calls back at each `wake`, before those who wait. */
  always(callback: () => void): void {
    this.#always.push(callback);
  }

  wake(): void {
    for (const callback of this.#always) callback();
    const waiters = this.#waiters;
    this.#waiters = new Set();
    for (const resume of waiters) resume();
  }

  /** Resolves at the next `wake`, after `ms`, or when the signal aborts: the caller looks what is there. */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const resume = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', resume);
        this.#waiters.delete(resume);
        resolve();
      };
      const timer = setTimeout(resume, ms);
      signal.addEventListener('abort', resume, { once: true });
      this.#waiters.add(resume);
    });
  }
}
