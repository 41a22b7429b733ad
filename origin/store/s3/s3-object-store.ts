import { randomUUID } from 'node:crypto';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { KeyedLock } from '../../../shared/concurrency/keyed-lock.ts';
import { type Digest, digestOf, isDigest } from '../../../shared/content/digest.ts';
import type { HashThreads } from '../../../shared/hashing/hash-threads.ts';
import { wholeBody } from '../../../shared/json/whole-body.ts';
import { moduleUrl } from '../../../shared/process/module-url.ts';
import { STAYS, startThreads } from '../../../shared/process/thread.ts';
import { type ByteSpan, spanLength } from '../../../shared/store/byte-span.ts';
import { openDraft } from '../../../shared/store/draft.ts';
import type { ObjectStore } from '../../../shared/store/object-store.ts';
import type { Bucket } from './bucket.ts';
import type { ObjectIndex } from './object-index.worker.ts';
import { decodeIndex, encodePack, indexLength, type Packed, TRAILER } from './pack.ts';
import { type PackRead, planReads } from './read-plan.ts';

const PACKS = 'packs/';
const LARGE = 'large/';
const READS_AT_ONCE = 8;

/** The bytes of half-empty packs that are written again at a time. */
const REWRITTEN_AT_ONCE = 8 * 1024 * 1024;

/** Each location has an index of its own, because objects may be on their way from one to another. */
export const indexFile = (folder: string, url: string) =>
  join(folder, `s3-index-${digestOf(url).slice(0, 16)}.sqlite`);

/** Deletes all objects of a store. */
export async function clearBucket(bucket: Pick<Bucket, 'list' | 'remove'>): Promise<void> {
  for (const under of [PACKS, LARGE])
    for await (const page of bucket.list(under)) await bucket.remove(page.map(({ key }) => key));
}

const largeKey = (digest: Digest) => `${LARGE}${digest.slice(0, 2)}/${digest}`;

/**
 * Stores objects in a bucket: large ones by their digest, small ones together in packs. The local folder holds drafts,
 * and an index of the place of each object. The index is reconciled with the bucket when the store is opened. So if the
 * folder is lost, or a crash happens between a write to the bucket and the write to the index, the next start repairs
 * the index.
 */
export async function openS3ObjectStore(
  bucket: Bucket,
  folder: string,
  hashThreads: HashThreads,
): Promise<ObjectStore> {
  const drafts = join(folder, 'drafts');
  await mkdir(drafts, { recursive: true });
  const place = { file: indexFile(folder, bucket.url) };
  const module = moduleUrl('./object-index.worker', import.meta.url);
  const thread = startThreads<ObjectIndex>(module, 1, place, STAYS);
  const index = thread.remote;
  /** One at a time, because packs are rewritten at their end. */
  const removals = new KeyedLock<'all'>();
  const close = async () => {
    await index.close();
    await thread.close();
    bucket.close();
  };
  try {
    await adoptBucket();
  } catch (error) {
    await close();
    throw error;
  }

  return {
    missing: (digests) => index.missing(digests),

    async putSmall(objects) {
      const absent = new Set(await index.missing(objects.map(({ digest }) => digest)));
      const unique = [...new Map(objects.map((object) => [object.digest, object])).values()];
      const packed = unique.filter(({ digest }) => absent.has(digest));
      if (packed.length === 0) return;
      const { bytes, rows } = encodePack(packed);
      const key = `${PACKS}${randomUUID()}`;
      await bucket.put(key, bytes);
      await index.addPack(key, rows);
    },

    readSmall,

    async size(digest) {
      const [small] = await index.small([digest]);
      return small?.size ?? index.largeSize(digest);
    },

    async open(digest, range) {
      const [small] = await index.small([digest]);
      if (small !== undefined) {
        const bytes = (await readSmall([digest])).get(digest);
        if (bytes === undefined) return undefined;
        return Readable.from([range ? bytes.subarray(range.start, range.end) : bytes], {
          objectMode: false,
        });
      }
      return (await index.largeSize(digest)) === undefined ? undefined : bucket.get(largeKey(digest), range);
    },

    draft: (name) =>
      openDraft(join(drafts, name), hashThreads, async (file, digest) => {
        const { size } = await stat(file);
        await bucket.putFile(largeKey(digest), file);
        await index.addLarge({ digest, size });
        await rm(file);
      }),

    // Objects are deleted from the bucket first. If a crash leaves an object in the index, the next start removes it.
    remove: (named) =>
      removals.run('all', async () => {
        const digests = [...new Set(named)];
        const { large, packs } = await index.removable(digests);
        await bucket.remove([...large.map(largeKey), ...packs]);
        await index.remove(digests, packs);
        await rewritePacks();
      }),

    close,
  };

  async function adoptBucket(): Promise<void> {
    for await (const page of bucket.list(PACKS)) {
      const sizes = new Map(page.map(({ key, size }) => [key, size]));
      for (const key of await index.sawPacks([...sizes.keys()])) {
        const rows = await packIndex(bucket, key, sizes.get(key) ?? 0);
        // An object that is not a pack was not written by this store, so it is ignored.
        if (rows !== undefined) await index.addPack(key, rows);
      }
    }
    for await (const page of bucket.list(LARGE)) {
      const named = page.map(({ key, size }) => ({ digest: key.slice(key.lastIndexOf('/') + 1), size }));
      await index.sawLarge(named.flatMap(({ digest, size }) => (isDigest(digest) ? [{ digest, size }] : [])));
    }
    await index.dropUnseen();
  }

  async function readPack({ key, start, end, objects }: PackRead, found: Map<Digest, Buffer>) {
    const bytes = await wholeRange(bucket, key, { start, end });
    // The bucket has lost the pack or a part of it. Its objects count as absent until they are stored again.
    if (bytes?.length !== end - start) return;
    // Copies each object, because a slice would keep the whole range in memory.
    for (const { digest, offset, size } of objects)
      found.set(digest, Buffer.from(bytes.subarray(offset - start, offset - start + size)));
  }

  /**
   * Writes the objects of half-empty packs into a new one, and deletes those packs. A crash before the index knows the
   * new pack leaves two copies. The next start takes the objects from the old packs, and the new one is empty to it.
   */
  async function rewritePacks(): Promise<void> {
    const packs = await index.halfEmpty(REWRITTEN_AT_ONCE);
    const digests = packs.flatMap(({ objects }) => objects.map(({ digest }) => digest));
    const found = await readSmall(digests);
    const objects = digests.flatMap((digest) => {
      const bytes = found.get(digest);
      return bytes !== undefined && digestOf(bytes) === digest ? [{ digest, bytes }] : [];
    });
    if (objects.length > 0) {
      const { bytes, rows } = encodePack(objects);
      const key = `${PACKS}${randomUUID()}`;
      await bucket.put(key, bytes);
      await index.movePacked(key, rows);
    }
    // A pack with a damaged object stays until the damage is found and the object is removed.
    const isMoved = new Set(objects.map(({ digest }) => digest));
    const empty = packs.filter((pack) => pack.objects.every(({ digest }) => isMoved.has(digest)));
    await bucket.remove(empty.map(({ key }) => key));
    await index.dropPacks(empty.map(({ key }) => key));
  }

  /** Looks a second time for objects that are not where the index said: a pack may have been rewritten meanwhile. */
  async function readSmall(digests: readonly Digest[]): Promise<Map<Digest, Buffer>> {
    const found = new Map<Digest, Buffer>();
    let sought = digests;
    for (let look = 0; look < 2 && sought.length > 0; look++) {
      const located = await index.small(sought);
      for (const { digest, size } of located) if (size === 0) found.set(digest, Buffer.alloc(0));
      const reads = planReads(located).values();
      const work = async () => {
        for (const read of reads) await readPack(read, found);
      };
      await Promise.all(Array.from({ length: READS_AT_ONCE }, work));
      sought = located.map(({ digest }) => digest).filter((digest) => !found.has(digest));
    }
    return found;
  }
}

async function packIndex(bucket: Bucket, key: string, size: number): Promise<Packed[] | undefined> {
  if (size < TRAILER) return undefined;
  const trailer = await wholeRange(bucket, key, { start: size - TRAILER, end: size });
  const length = trailer && indexLength(trailer);
  if (length === undefined || length > size - TRAILER) return undefined;
  if (length === 0) return [];
  const start = size - TRAILER - length;
  const rows = await wholeRange(bucket, key, { start, end: size - TRAILER });
  return rows && decodeIndex(rows);
}

async function wholeRange(bucket: Bucket, key: string, range: ByteSpan): Promise<Buffer | undefined> {
  const body = await bucket.get(key, range);
  const asked = spanLength(range);
  return (
    body && wholeBody(body, asked, 'store-unreachable', `the bucket sends more of ${key} than was asked for`)
  );
}
