/**
 * The memory from which responses are being sent. It has its own limit, because the memory of an object that the cache
 * has evicted is not freed while a slow reader still uses it.
 */
export class LentMemory {
  readonly #most: number;
  readonly #readers = new Map<Buffer, number>();
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#most = mostBytes;
  }

  /** Returns a function to call once when the reader is done, or undefined if no more memory may be lent. */
  lend(bytes: Buffer): (() => void) | undefined {
    const readers = this.#readers.get(bytes) ?? 0;
    if (readers === 0 && this.#bytes + bytes.length > this.#most) return undefined;
    if (readers === 0) this.#bytes += bytes.length;
    this.#readers.set(bytes, readers + 1);
    return () => this.#giveBack(bytes);
  }

  #giveBack(bytes: Buffer): void {
    const readers = (this.#readers.get(bytes) ?? 1) - 1;
    if (readers > 0) {
      this.#readers.set(bytes, readers);
      return;
    }
    this.#readers.delete(bytes);
    this.#bytes -= bytes.length;
  }
}
