/** Memory in which frames are put together for one write. */
export interface OutBuffer {
  readonly bytes: Buffer;
  used: number;
}

/** Room beside a slice of bodies for the heads of its frames and of its responses. */
const HEADS = 1024;
const SIZES: readonly number[] = [
  ...[4096, 16_384],
  ...[32, 64, 128, 256].map((slice) => slice * 1024 + HEADS),
];
/** Unused buffers hold no more than this. */
const MOST_KEPT_BYTES = 32 * 1024 * 1024;

/** The largest buffer: the largest slice with the heads of its frames. */
export const LARGEST_BUFFER = SIZES.at(-1) ?? 0;

interface Free {
  readonly size: number;
  readonly buffers: OutBuffer[];
  /** The least number of unused buffers since the last `trim`. */
  least: number;
}

/**
 * Buffers that are used again when their write has ended. New ones would be dear: V8 counts their memory, and collects
 * garbage all the time when each slice of a large file takes a new one.
 */
export class OutBuffers {
  readonly #free: readonly Free[] = SIZES.map((size) => ({ size, buffers: [], least: 0 }));
  #keptBytes = 0;

  /** A buffer of at least `bytes`, which must not exceed the largest size. */
  take(bytes: number): OutBuffer {
    const free = this.#free.find(({ size }) => bytes <= size);
    const kept = free?.buffers.pop();
    if (free !== undefined) free.least = Math.min(free.least, free.buffers.length);
    if (kept === undefined) return { bytes: Buffer.allocUnsafeSlow(free?.size ?? bytes), used: 0 };
    this.#keptBytes -= kept.bytes.length;
    return kept;
  }

  giveBack(buffer: OutBuffer): void {
    const { length } = buffer.bytes;
    const free = this.#free.find(({ size }) => length === size);
    if (free === undefined || this.#keptBytes + length > MOST_KEPT_BYTES) return;
    buffer.used = 0;
    free.buffers.push(buffer);
    this.#keptBytes += length;
  }

  /** Frees the buffers that were not needed since the last call. */
  trim(): void {
    for (const free of this.#free) {
      const { length } = free.buffers.splice(0, free.least);
      this.#keptBytes -= length * free.size;
      free.least = free.buffers.length;
    }
  }
}
