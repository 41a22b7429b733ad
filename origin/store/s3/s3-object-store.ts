import { randomUUID } from 'node:crypto';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type Digest, isDigest } from '../../../shared/content/digest.ts';
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
import { type Located, type PackRead, planReads } from './read-plan.ts';

const PACKS = 'packs/';
const LARGE = 'large/';
const READS_AT_ONCE = 8;

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
  const place = { file: join(folder, 's3-index.sqlite') };
  const module = moduleUrl('./object-index.worker', import.meta.url);
  const thread = startThreads<ObjectIndex>(module, 1, place, STAYS);
  const index = thread.remote;
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

    async readSmall(digests) {
      const located = await index.small(digests);
      const found = new Map<Digest, Buffer>();
      for (const { digest, size } of located) if (size === 0) found.set(digest, Buffer.alloc(0));
      const reads = planReads(located).values();
      const work = async () => {
        for (const read of reads) await readPack(read, found);
      };
      await Promise.all(Array.from({ length: READS_AT_ONCE }, work));
      return found;
    },

    async size(digest) {
      const [small] = await index.small([digest]);
      return small?.size ?? index.largeSize(digest);
    },

    async open(digest, range) {
      const [small] = await index.small([digest]);
      if (small !== undefined) {
        const bytes = await readOne(small);
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
    async remove(named) {
      const digests = [...new Set(named)];
      const { large, packs } = await index.removable(digests);
      await bucket.remove([...large.map(largeKey), ...packs]);
      await index.remove(digests, packs);
    },

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

  async function readOne(object: Located): Promise<Buffer | undefined> {
    if (object.size === 0) return Buffer.alloc(0);
    const found = new Map<Digest, Buffer>();
    for (const read of planReads([object])) await readPack(read, found);
    return found.get(object.digest);
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
