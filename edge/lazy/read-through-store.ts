import { BUNDLE_OBJECT } from '../../shared/bundle.ts';
import type { Digest } from '../../shared/digest.ts';
import type { ObjectStore } from '../../shared/store/object-store.ts';
import type { EdgeCatalog } from '../store/catalog.ts';
import { openComing, readSpan } from './coming-file.ts';
import { Incoming } from './incoming.ts';
import { pieceStream } from './pieces.ts';
import type { ReadThrough } from './read-through.ts';

const PIECE_BYTES = 256 * 1024;

interface Parts {
  /** Of the object store. */
  readonly folder: string;
  readonly store: ObjectStore;
  readonly reads: ReadThrough;
  readonly catalog: EdgeCatalog;
}

/** The store of a lazy edge as its children see it: what it lacks is fetched when they ask for it. */
export function readThroughStore({ folder, store, reads, catalog }: Parts): ObjectStore {
  const sizeOf = async (digest: Digest) => {
    const known = await catalog.fetchable(digest);
    return known?.kind === 'content' ? known.object.size : undefined;
  };

  /** Children ask for chunk lists, too, whose size is known when they are here. */
  async function bring(digest: Digest): Promise<void> {
    if (await catalog.fetchable(digest)) await reads.whole(digest);
  }

  return {
    ...store,

    async readSmall(digests) {
      const missing = await store.missing(digests);
      await Promise.all(
        missing.map(async (digest) => {
          if (((await sizeOf(digest)) ?? 0) <= BUNDLE_OBJECT) await bring(digest);
        }),
      );
      return store.readSmall(digests);
    },

    async size(digest) {
      const known = (await store.size(digest)) ?? (await sizeOf(digest));
      if (known !== undefined) return known;
      await bring(digest);
      return store.size(digest);
    },

    async open(digest, range) {
      const stored = await store.open(digest, range);
      if (stored !== undefined) return stored;
      const size = await sizeOf(digest);
      if (size === undefined) return undefined;
      const incoming = new Incoming();
      const granted = await reads.request(digest, range, incoming);
      if (granted.kind === 'stored') return store.open(digest, range);
      for (const span of granted.spans) incoming.arrived(digest, span);
      const file = await openComing(folder, digest);
      return pieceStream({
        range: range ?? { start: 0, end: size - 1 },
        pieceBytes: PIECE_BYTES,
        ready: (span) => incoming.whole(span, 0),
        read: (span) => readSpan(file, span),
        closed() {
          granted.release();
          file.close().catch(() => {});
        },
      });
    },
  };
}
