import { type Digest, digestOf } from './digest.ts';
import { SkerryError } from './errors.ts';

/**
 * A bundle carries many small objects in one response: per object, in the order asked for, its size (u32,
 * big-endian) and its bytes; 0xFFFFFFFF and no bytes for one that the sender does not hold.
 */
export const BUNDLE_TYPE = 'application/vnd.skerry.bundle';
/** Objects up to this many bytes travel in bundles and share one file in the store. */
export const SMALL_OBJECT = 64 * 1024;
export const MAX_BUNDLE_OBJECTS = 4096;

const ABSENT = 0xffffffff;

export function encodeBundleItem(bytes: Uint8Array | undefined): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(bytes === undefined ? ABSENT : bytes.length);
  return bytes === undefined ? size : Buffer.concat([size, bytes]);
}

export interface BundleItem {
  readonly digest: Digest;
  readonly bytes: Buffer;
}

/** Yields the objects that arrived and match their digests; throws `corrupt-object` at the first that does not. */
export async function* decodeBundle(
  source: AsyncIterable<Uint8Array>,
  wanted: readonly Digest[],
): AsyncGenerator<BundleItem> {
  const input = new ByteQueue(source);
  for (const digest of wanted) {
    const size = (await input.take(4)).readUInt32BE();
    if (size === ABSENT) continue;
    if (size > SMALL_OBJECT)
      throw new SkerryError('upstream-protocol', `a bundle has an object of ${size} bytes`);
    const bytes = await input.take(size);
    if (digestOf(bytes) !== digest)
      throw new SkerryError('corrupt-object', `object ${digest} arrived altered`);
    yield { digest, bytes };
  }
}

class ByteQueue {
  readonly #source: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async take(count: number): Promise<Buffer> {
    const pieces = [this.#held];
    let total = this.#held.length;
    while (total < count) {
      const next = await this.#source.next();
      if (next.done) throw new SkerryError('upstream-protocol', 'a bundle is cut off');
      pieces.push(Buffer.from(next.value.buffer, next.value.byteOffset, next.value.length));
      total += next.value.length;
    }
    const all = pieces.length === 1 ? this.#held : Buffer.concat(pieces, total);
    this.#held = all.subarray(count);
    return all.subarray(0, count);
  }
}
