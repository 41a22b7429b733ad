/**
 * What is written over TLS is encrypted at once, into memory of its own that stays until its reader has taken it.
 * Large writes are cheaper; all of them together have a bound.
 */
export class CopiedMemory {
  readonly #most: number;
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#most = mostBytes;
  }

  /** Call what is returned once when the reader has taken them; undefined when there is no room for so many. */
  take(bytes: number): (() => void) | undefined {
    if (this.#bytes + bytes > this.#most) return undefined;
    this.#bytes += bytes;
    return () => {
      this.#bytes -= bytes;
    };
  }
}
