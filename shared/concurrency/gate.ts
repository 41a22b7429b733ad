/**
 * A lock that many callers may share, or one caller may hold alone. A caller that wants the lock alone waits until all
 * earlier holders have released it, and later callers wait for that caller. The lock is not reentrant.
 *
 * Callers rely on holding the lock until their work ends, and they are not told if they lose it. A holder can lose a
 * gate between processes. docs/decisions/0040-several-origin-nodes.md lists what such a gate needs: a signal for
 * `alone`, a fence for the callers that share it, and one shared hold for each process.
 */
export interface Gate {
  shared<T>(work: () => Promise<T>): Promise<T>;
  alone<T>(work: () => Promise<T>): Promise<T>;
}

/** A gate for the callers of one process. */
export class InProcessGate implements Gate {
  #inside = 0;
  #isTaken = false;
  readonly #waiting: { isAlone: boolean; enter: () => void }[] = [];

  shared<T>(work: () => Promise<T>): Promise<T> {
    return this.#pass(false, work);
  }

  alone<T>(work: () => Promise<T>): Promise<T> {
    return this.#pass(true, work);
  }

  async #pass<T>(isAlone: boolean, work: () => Promise<T>): Promise<T> {
    if (this.#waiting.length > 0 || !this.#admits(isAlone)) {
      await new Promise<void>((enter) => this.#waiting.push({ isAlone, enter }));
    } else this.#enter(isAlone);
    try {
      return await work();
    } finally {
      this.#inside--;
      this.#isTaken = false;
      this.#admitNext();
    }
  }

  #admits(isAlone: boolean): boolean {
    return isAlone ? this.#inside === 0 : !this.#isTaken;
  }

  #enter(isAlone: boolean): void {
    this.#inside++;
    this.#isTaken = isAlone;
  }

  #admitNext(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (!this.#admits(next.isAlone)) return;
      this.#waiting.shift();
      this.#enter(next.isAlone);
      next.enter();
    }
  }
}
