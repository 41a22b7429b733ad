/** Runs work with the same key one piece after another, and work with different keys in parallel. */
export class KeyedLock<K> {
  readonly #tails = new Map<K, Promise<unknown>>();

  /**
   * Rejects with the signal's reason as soon as the signal aborts. Work that has not begun then never begins. Work that
   * has begun keeps its turn until it ends by itself.
   */
  async run<T>(key: K, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const begin = async () => {
      signal?.throwIfAborted();
      return work();
    };
    const before = this.#tails.get(key);
    const result = before === undefined ? begin() : before.then(begin, begin);
    const tail = result.catch(() => {});
    this.#tails.set(key, tail);
    const ended = async () => {
      try {
        return await result;
      } finally {
        if (this.#tails.get(key) === tail) this.#tails.delete(key);
      }
    };
    return signal === undefined ? ended() : orAborted(ended(), signal);
  }
}

function orAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const give = () => reject(signal.reason);
    if (signal.aborted) give();
    signal.addEventListener('abort', give, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener('abort', give));
  });
}
