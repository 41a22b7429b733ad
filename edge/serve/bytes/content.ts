import type { ContentPath } from '../../../shared/content/content-path.ts';
import { type Digest, digestOf } from '../../../shared/content/digest.ts';
import type { Entry } from '../../../shared/content/entry.ts';
import type { EntryHistory, FormerEntry } from '../../../shared/content/manifest/history.ts';
import type { ManifestReader } from '../../../shared/content/manifest/reading.ts';
import { ByteCache } from '../../../shared/process/byte-cache.ts';
import type { ByteSpan } from '../../../shared/store/byte-span.ts';
import { isSmall, type ObjectReader } from '../../../shared/store/object-reader.ts';
import type { Variant } from '../../variants/variant.ts';
import type { CacheState } from '../http/cache-status.ts';
import type { Representation } from '../http/representation.ts';
import type { Body } from './body.ts';
import { closeFile, type FilePieces } from './file-pieces.ts';
import { LentMemory } from './lent-memory.ts';
import type { ReadyVariants } from './ready-variants.ts';

const MEMORY_BYTES = 64 * 1024 * 1024;
/** Objects larger than this are streamed from disk each time. */
const LARGEST_IN_MEMORY = 16 * 1024 * 1024;
/** The maximum number of objects that are read into memory at the same time. */
const MOST_LOADING = 2;
/** The maximum memory that responses of large objects keep in use, whether or not the cache still has the objects. */
const LENT_BYTES = 160 * 1024 * 1024;
const ENTRIES_BYTES = 8 * 1024 * 1024;
/** The approximate memory of a cached entry, or of a cached result that there is no entry. */
const ENTRY_BYTES = 500;
/**
 * Memory for the digests of objects that were requested once. At the second request, the object is loaded into memory.
 */
const SEEN_BYTES = 1024 * 1024;

const FROM_MEMORY: CacheState = { kind: 'hit', tier: 'memory' };
const FROM_DISK: CacheState = { kind: 'hit', tier: 'disk' };

/** Finds entries and their bytes for a serving process, from memory or from disk. */
export class Content {
  readonly #manifests: ManifestReader & EntryHistory;
  readonly #objects: ObjectReader;
  readonly #variants: ReadyVariants;
  readonly #pieces: FilePieces;
  readonly #entries = new ByteCache<string, { readonly entry: Entry | undefined }>({
    bytes: ENTRIES_BYTES,
    sizeOf: () => ENTRY_BYTES,
  });
  readonly #bytes = new ByteCache<Digest, Buffer>({
    bytes: MEMORY_BYTES,
    sizeOf: ({ length }) => length,
    largest: LARGEST_IN_MEMORY + 1024,
  });
  readonly #lent = new LentMemory(LENT_BYTES);
  readonly #seenOnce = new ByteCache<Digest, true>({ bytes: SEEN_BYTES, sizeOf: () => 1 });
  readonly #loading = new Set<Digest>();

  constructor(
    manifests: ManifestReader & EntryHistory,
    objects: ObjectReader,
    variants: ReadyVariants,
    pieces: FilePieces,
  ) {
    this.#manifests = manifests;
    this.#pieces = pieces;
    this.#objects = objects;
    this.#variants = variants;
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

  entryAmong(site: number, revisions: readonly number[], path: ContentPath): FormerEntry | undefined {
    return this.#manifests.entryAmong(site, revisions, path);
  }

  /** The ready variants of an entry, the smallest first. */
  variants(site: number, revision: number, { path, digest }: Entry): readonly Variant[] {
    return this.#variants.of(digest, { site, revision, path });
  }

  /** The bytes of a representation, or a range of them. Undefined if the object is missing, incomplete or damaged. */
  lookUp({ digest, size, coding }: Representation, range: ByteSpan | undefined): Body | undefined {
    const cached = this.#bytes.get(digest);
    if (cached !== undefined) {
      const lent = this.#lend(cached, range, FROM_MEMORY);
      if (lent !== undefined) return lent;
    }
    const made = coding === undefined ? undefined : this.#readVariant(digest);
    if (made !== undefined) {
      const lent = this.#lend(made, range, FROM_DISK);
      if (lent !== undefined) return lent;
    }
    if (isSmall(size)) {
      const bytes = this.#readSmall(digest);
      return bytes && { kind: 'bytes', bytes: cut(bytes, range), cache: FROM_DISK };
    }
    // The open file can still be read after the object has been removed.
    const fd = this.#objects.openLarge(digest);
    if (fd === undefined) return undefined;
    const all = range ?? { start: 0, end: size };
    const stream = this.#pieces.stream({ digest, size, fd, range: all, closed: () => closeFile(fd) });
    if (size <= LARGEST_IN_MEMORY) this.#loadWhenHot(digest, size);
    return { kind: 'stream', stream, cache: FROM_DISK };
  }

  /**
   * The bytes of a whole object, such as the rules that every request needs. Undefined if the object is missing or
   * damaged.
   */
  bytes({ digest, size }: Pick<Entry, 'digest' | 'size'>): Buffer | undefined {
    if (isSmall(size)) return this.#bytes.get(digest) ?? this.#readSmall(digest);
    const bytes = this.#objects.large(digest);
    return bytes !== undefined && digestOf(bytes) === digest ? bytes : undefined;
  }

  forget(digests: readonly Digest[] | 'all'): void {
    this.#pieces.forgetAll();
    if (digests === 'all') this.#bytes.clear();
    else for (const digest of digests) this.#forgetOne(digest);
  }

  #forgetOne(digest: Digest): void {
    this.#bytes.delete(digest);
    for (const variant of this.#variants.known(digest)) this.#bytes.delete(variant.digest);
  }

  /** The bytes as a body. Undefined if readers already keep too much memory in use. The caller then reads from disk. */
  #lend(bytes: Buffer, range: ByteSpan | undefined, cache: CacheState): Body | undefined {
    if (isSmall(bytes.length)) return { kind: 'bytes', bytes: cut(bytes, range), cache };
    const release = this.#lent.lend(bytes);
    return release && { kind: 'bytes', bytes: cut(bytes, range), cache, release };
  }

  /** The bytes of a variant that this edge made. Undefined for a published variant, which is an object of its own. */
  #readVariant(digest: Digest): Buffer | undefined {
    const bytes = this.#variants.bytes(digest);
    if (bytes === undefined || digestOf(bytes) !== digest) return undefined;
    this.#bytes.set(digest, bytes);
    return bytes;
  }

  /**
   * Reads an object and checks its digest, because disks corrupt data, and an object in memory is served many times.
   */
  #readSmall(digest: Digest): Buffer | undefined {
    const bytes = this.#objects.small(digest);
    if (bytes === undefined || digestOf(bytes) !== digest) return undefined;
    this.#bytes.set(digest, bytes);
    return bytes;
  }

  #loadWhenHot(digest: Digest, size: number): void {
    if (this.#seenOnce.get(digest) === undefined) {
      this.#seenOnce.set(digest, true);
    } else if (!this.#loading.has(digest) && this.#loading.size < MOST_LOADING) {
      this.#loading.add(digest);
      this.#load(digest, size).finally(() => this.#loading.delete(digest));
    }
  }

  /**
   * Loads an object into memory. Reads and hashes it in slices, so that other readers do not have to wait. Ignores an
   * object that cannot be read.
   */
  async #load(digest: Digest, size: number): Promise<void> {
    const bytes = await this.#objects.verified(digest, size).catch(() => undefined);
    if (bytes !== undefined) this.#bytes.set(digest, bytes);
  }
}

function cut(bytes: Buffer, range: ByteSpan | undefined): Buffer {
  return range === undefined ? bytes : bytes.subarray(range.start, range.end);
}
