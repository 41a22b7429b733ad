const SLOT_MS = 20;
const KEPT_MS = 60_000;

interface Slot {
  readonly at: number;
  bytes: number;
}

/**
 * Records how many bytes have passed, and when. It keeps only the last minute, in slots, so a long transfer takes no
 * more memory.
 */
export class ByteLog {
  readonly #slots: Slot[] = [];

  add(bytes: number, at: number): void {
    const last = this.#slots.at(-1);
    if (last !== undefined && at - last.at < SLOT_MS) {
      last.bytes += bytes;
      return;
    }
    this.#slots.push({ at, bytes });
    while ((this.#slots[0]?.at ?? at) < at - KEPT_MS) this.#slots.shift();
  }

  /** The number of bytes that have passed since `from`. */
  since(from: number): number {
    return this.#slots.reduce((sum, { at, bytes }) => (at < from ? sum : sum + bytes), 0);
  }
}
