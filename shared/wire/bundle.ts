import { type Digest, digestOf } from '../content/digest.ts';
import { SkerryError } from '../errors.ts';

/**
 * A bundle carries many small objects in one response. For each requested object, in the order of the request, it has
 * the size (u32, big-endian) and the bytes, or 0xFFFFFFFF and no bytes if the sender does not hold the object.
 */
export const BUNDLE_TYPE = 'application/vnd.skerry.bundle';
/** Objects of up to this many bytes travel in bundles. They have no chunk list. */
export const BUNDLE_OBJECT = 1024 * 1024;
/** The maximum bytes of all objects in one bundle, before the bundle is encoded. */
export const MAX_BUNDLE_BYTES = 16 * 1024 * 1024;
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

/**
 * Yields the objects that arrived and match their digests. Bytes that do not match may belong to another object with
 * the same short name. They are skipped, and the caller asks for the object by its whole digest.
 */
export async function* decodeBundle(
  source: AsyncIterable<Uint8Array>,
  wanted: readonly Digest[],
): AsyncGenerator<BundleItem> {
  const input = new ByteQueue(source);
  try {
    for (const digest of wanted) {
      const size = (await input.take(4)).readUInt32BE();
      if (size === ABSENT) continue;
      if (size > BUNDLE_OBJECT)
        throw new SkerryError('upstream-protocol', `a bundle has an object of ${size} bytes`);
      const bytes = await input.take(size);
      if (digestOf(bytes) === digest) yield { digest, bytes };
    }
    await input.end();
  } finally {
    // When the caller stops reading, this ends the request, which would otherwise occupy its connection for ever.
    await input.close();
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

  async close(): Promise<void> {
    await this.#source.return?.();
  }

  async end(): Promise<void> {
    let extra = this.#held.length;
    while (extra === 0) {
      const next = await this.#source.next();
      if (next.done) return;
      extra = next.value.length;
    }
    throw new SkerryError('upstream-protocol', 'a bundle continues after its last object');
  }
}
