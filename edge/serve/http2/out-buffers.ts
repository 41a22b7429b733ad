/** Memory in which frames are put together for one write. */
export interface OutBuffer {
  readonly bytes: Buffer;
  used: number;
  /** When its write began, in milliseconds. */
  since: number;
}

/** The sizes of buffers, and how many of each size are kept for the next write. */
const SIZES: readonly number[] = [4096, 16_384, 32_768, 65_536, 131_072, 262_144, 1_081_344];
const KEPT = [256, 256, 128, 64, 64, 16, 4];

/** The largest buffer: a slice of 1 MiB with the heads of its frames. */
export const LARGEST_BUFFER = SIZES.at(-1) ?? 0;

/** Buffers that are used again when their write has ended. */
export class OutBuffers {
  readonly #free: OutBuffer[][] = SIZES.map(() => []);

  /** A buffer of at least `bytes`, which must not exceed the largest size. */
  take(bytes: number): OutBuffer {
    const index = SIZES.findIndex((size) => bytes <= size);
    const size = SIZES[index] ?? LARGEST_BUFFER;
    return this.#free[index]?.pop() ?? { bytes: Buffer.allocUnsafeSlow(size), used: 0, since: 0 };
  }

  giveBack(buffer: OutBuffer): void {
    buffer.used = 0;
    const index = SIZES.indexOf(buffer.bytes.length);
    const free = this.#free[index];
    if (free !== undefined && free.length < (KEPT[index] ?? 0)) free.push(buffer);
  }
}
