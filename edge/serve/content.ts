import type { Readable } from 'node:stream';
import { LRUCache } from 'lru-cache';
import type { ContentPath } from '../../shared/content-path.ts';
import type { Digest } from '../../shared/digest.ts';
import type { Entry } from '../../shared/entry.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { ManifestReader } from '../../shared/manifest/reading.ts';
import { isSmall, type ObjectReader } from '../../shared/store/object-reader.ts';
import type { ByteRange } from '../../shared/store/object-store.ts';

const MEMORY_BYTES = 32 * 1024 * 1024;
const ENTRIES = 10_000;

export type Body =
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly tier: 'memory' | 'disk' }
  | { readonly kind: 'stream'; readonly stream: Readable; readonly tier: 'disk' };

/** Finds entries and their bytes for a serving process: small objects in memory, the rest from disk. */
export class Content {
  readonly #manifests: ManifestReader;
  readonly #objects: ObjectReader;
  readonly #entries = new LRUCache<string, { readonly entry: Entry | undefined }>({ max: ENTRIES });
  readonly #bytes = new LRUCache<Digest, Buffer>({
    maxSize: MEMORY_BYTES,
    sizeCalculation: (bytes) => bytes.length + 128,
  });

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

  /** The bytes of an entry, or a range of them. Throws `no-such-object` for a small one that is not there. */
  body(entry: Entry, range: ByteRange | undefined): Body {
    if (!isSmall(entry.size))
      return { kind: 'stream', stream: this.#objects.stream(entry.digest, range), tier: 'disk' };
    const cached = this.#bytes.get(entry.digest);
    const bytes = cached ?? this.#read(entry.digest);
    return {
      kind: 'bytes',
      bytes: range === undefined ? bytes : bytes.subarray(range.start, range.end + 1),
      tier: cached === undefined ? 'disk' : 'memory',
    };
  }

  #read(digest: Digest): Buffer {
    const bytes = this.#objects.small(digest);
    if (bytes === undefined) throw new SkerryError('no-such-object', `the object ${digest} is not stored`);
    this.#bytes.set(digest, bytes);
    return bytes;
  }
}
