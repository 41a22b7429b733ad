/**
 * Memory that answers are being sent from. A cache that lets go of an object frees nothing while a reader who does
 * not read holds it, so what is lent has a bound of its own.
 */
export class LentMemory {
  readonly #most: number;
  readonly #readers = new Map<Buffer, number>();
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#most = mostBytes;
  }

  /** Call what is returned once when the reader is through; undefined when no more may be lent. */
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
