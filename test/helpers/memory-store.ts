import { Readable } from 'node:stream';
import type { Chunk } from '../../shared/content/chunk-list.ts';
import { type Digest, digestOf } from '../../shared/content/digest.ts';
import { CHUNKED_ABOVE, firstChunk } from '../../shared/content/fastcdc.ts';
import { SMALL_OBJECT } from '../../shared/content/small-object.ts';
import type { HashedFile } from '../../shared/hashing/hashed-file.ts';
import type { ByteSpan } from '../../shared/store/byte-span.ts';
import type { Draft, ObjectStore } from '../../shared/store/object-store.ts';

const PIECE = 64 * 1024;

/** The state that outlives a store, as a disk outlives a process. */
export class MemoryDisk {
  readonly objects = new Map<Digest, Buffer>();
  readonly drafts = new Map<string, Buffer>();
}

/** An object store whose disk is a map. It passes the contract of stores, and a test can look into it. */
export function openMemoryStore({ objects, drafts }: MemoryDisk): ObjectStore {
  const copy = (bytes: Uint8Array) => Buffer.from(bytes);
  return {
    async missing(digests) {
      return digests.filter((digest) => !objects.has(digest));
    },
    async putSmall(batch) {
      for (const { digest, bytes } of batch) if (!objects.has(digest)) objects.set(digest, copy(bytes));
    },
    async readSmall(digests) {
      const found = new Map<Digest, Buffer>();
      for (const digest of digests) {
        const bytes = objects.get(digest);
        if (bytes !== undefined && bytes.length <= SMALL_OBJECT) found.set(digest, copy(bytes));
      }
      return found;
    },
    async size(digest) {
      return objects.get(digest)?.length;
    },
    async open(digest, range) {
      const bytes = objects.get(digest);
      return bytes && pieces(ranged(bytes, range));
    },
    async remove(digests) {
      for (const digest of digests) objects.delete(digest);
    },
    async draft(name) {
      if (!drafts.has(name)) drafts.set(name, Buffer.alloc(0));
      return openDraft(name);
    },
    async close() {},
  };

  function openDraft(name: string): Draft {
    const held = () => drafts.get(name) ?? Buffer.alloc(0);
    return {
      get size() {
        return held().length;
      },
      async append(bytes) {
        drafts.set(name, Buffer.concat([held(), bytes]));
      },
      async write(at, bytes) {
        const before = held();
        const grown = Buffer.alloc(Math.max(before.length, at + bytes.length));
        before.copy(grown);
        grown.set(bytes, at);
        drafts.set(name, grown);
      },
      async truncate(size) {
        drafts.set(name, held().subarray(0, size));
      },
      read: (range) => pieces(ranged(held(), range)),
      hash: async () => hashedFile(held()),
      async keep(digest) {
        objects.set(digest, held());
        drafts.delete(name);
      },
      async suspend() {},
      async discard() {
        drafts.delete(name);
      },
    };
  }
}

const ranged = (bytes: Buffer, range?: ByteSpan) =>
  range === undefined ? bytes : bytes.subarray(range.start, range.end);

function pieces(bytes: Buffer): Readable {
  const cut = Array.from({ length: Math.ceil(bytes.length / PIECE) }, (_, i) =>
    Buffer.from(bytes.subarray(i * PIECE, (i + 1) * PIECE)),
  );
  return Readable.from(cut, { objectMode: false });
}

function hashedFile(bytes: Buffer): HashedFile {
  const chunks: Chunk[] = [];
  for (let start = 0; bytes.length > CHUNKED_ABOVE && start < bytes.length; ) {
    const size = firstChunk(bytes, start, bytes.length);
    chunks.push({ digest: digestOf(bytes.subarray(start, start + size)), size });
    start += size;
  }
  return { digest: digestOf(bytes), size: bytes.length, chunks };
}
