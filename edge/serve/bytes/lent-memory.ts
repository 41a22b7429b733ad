/**
 * The memory from which answers are being sent. It has its own limit, because the memory of an evicted object is not
 * freed while a slow reader still holds it.
 */
export class LentMemory {
  readonly #most: number;
  readonly #readers = new Map<Buffer, number>();
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#most = mostBytes;
  }

  /** Returns a function to call once when the reader is done. Undefined when no more memory may be lent. */
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
