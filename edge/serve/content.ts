import type { Readable } from 'node:stream';
import { ByteCache } from '../../shared/byte-cache.ts';
import type { ContentPath } from '../../shared/content-path.ts';
import { type Digest, digestOf } from '../../shared/digest.ts';
import type { Entry } from '../../shared/entry.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { ManifestReader } from '../../shared/manifest/reading.ts';
import { isSmall, type ObjectReader } from '../../shared/store/object-reader.ts';
import type { ByteRange } from '../../shared/store/object-store.ts';

const MEMORY_BYTES = 32 * 1024 * 1024;
const ENTRIES_BYTES = 8 * 1024 * 1024;
/** An entry, or that there is none, as objects of V8, roughly. */
const ENTRY_BYTES = 500;

export type Body =
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly tier: 'memory' | 'disk' }
  | { readonly kind: 'stream'; readonly stream: Readable; readonly tier: 'disk' };

/** Finds entries and their bytes for a serving process: small objects in memory, the rest from disk. */
export class Content {
  readonly #manifests: ManifestReader;
  readonly #objects: ObjectReader;
  readonly #entries = new ByteCache<string, { readonly entry: Entry | undefined }>({
    bytes: ENTRIES_BYTES,
    sizeOf: () => ENTRY_BYTES,
  });
  readonly #bytes = new ByteCache<Digest, Buffer>({ bytes: MEMORY_BYTES, sizeOf: ({ length }) => length });

  constructor(manifests: ManifestReader, objects: ObjectReader) {
    this.#manifests = manifests;
    this.#objects = objects;
  }

  entry(site: number, revision: number, path: ContentPath): Entry | undefined {
    const key = `${site} ${revision} ${path}`;
    let found = this.#entries.get(key);
    if (found === undefined) {
      found = { entry: this.#manifests.entryAt(site, revision, path) };
      this.#entries.set(key, found);
    }
    return found.entry;
  }

  /** The bytes of an entry, or a range of them. Throws `no-such-object` for what is not there, whole and sound. */
  body(entry: Entry, range: ByteRange | undefined): Body {
    if (!isSmall(entry.size)) {
      const stream = this.#objects.stream(entry.digest, range);
      if (stream === undefined) throw notStored(entry.digest);
      return { kind: 'stream', stream, tier: 'disk' };
    }
    const cached = this.#bytes.get(entry.digest);
    const bytes = cached ?? this.#read(entry.digest);
    return {
      kind: 'bytes',
      bytes: range === undefined ? bytes : bytes.subarray(range.start, range.end + 1),
      tier: cached === undefined ? 'disk' : 'memory',
    };
  }

  forget(digests: readonly Digest[]): void {
    for (const digest of digests) this.#bytes.delete(digest);
  }

  /** Hashed again on its way into memory: disks lose bits, and what is in memory is served a thousand times. */
  #read(digest: Digest): Buffer {
    const bytes = this.#objects.small(digest);
    if (bytes === undefined || digestOf(bytes) !== digest) throw notStored(digest);
    this.#bytes.set(digest, bytes);
    return bytes;
  }
}

function notStored(digest: Digest): SkerryError {
  return new SkerryError('no-such-object', `the object ${digest} is not stored`);
}
