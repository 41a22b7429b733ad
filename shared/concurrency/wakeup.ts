/**
 * Lets loops wait for something new. An implementation that gets its news from another process also wakes its loops
 * after each interruption of the connection to that process, because it may have missed news.
 */
export interface WakeupSource {
  /** Registers a callback that runs at each wake-up, before the waiting loops go on. */
  always(callback: () => void): void;
  /**
   * Resolves at the next wake-up, after `ms`, or when the signal aborts. After that, the caller checks for news. It
   * calls `wait` before it checks, so that it misses no wake-up in between.
   */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** Lets any number of loops wait for something new, without a queue for each of them. */
export class Wakeup implements WakeupSource {
  #waiters = new Set<() => void>();
  readonly #always: (() => void)[] = [];

  always(callback: () => void): void {
    this.#always.push(callback);
  }

  wake(): void {
    for (const callback of this.#always) callback();
    const waiters = this.#waiters;
    this.#waiters = new Set();
    for (const resume of waiters) resume();
  }

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
