import type { Digest } from '../../shared/content/digest.ts';
import type { ByteSpan } from '../../shared/store/byte-span.ts';
import type { ObjectStore } from '../../shared/store/object-store.ts';
import { BUNDLE_OBJECT } from '../../shared/wire/bundle.ts';
import type { EdgeCatalog } from '../store/catalog.ts';
import { Incoming } from './incoming.ts';
import { openPartial, readSpan } from './partial-file.ts';
import { pieceStream } from './pieces.ts';
import type { ReadThrough, ReadThroughAnswer } from './read-through.ts';

const PIECE_BYTES = 256 * 1024;

/** Records which objects are read. */
interface UseOfObjects {
  note(digest: Digest): void;
}

interface Parts {
  /** The child that makes the requests. */
  readonly member: string;
  /** The folder of the object store. */
  readonly folder: string;
  readonly store: ObjectStore;
  readonly reads: ReadThrough;
  readonly catalog: EdgeCatalog;
  readonly use: UseOfObjects;
}

/** The store of a lazy edge as one of its children sees it. A missing object is fetched when the child requests it. */
export function readThroughStore({ member, folder, store, reads, catalog, use }: Parts): ObjectStore {
  const sizeOf = async (digest: Digest) => {
    const known = await catalog.fetchable(digest);
    return known?.kind === 'content' ? known.object.size : undefined;
  };

  /**
   * Fetches an object or a chunk list that a child requests. The size of a chunk list is known only when it has
   * arrived. An object that no entry names is not fetched.
   */
  async function bring(digest: Digest): Promise<void> {
    if (await catalog.fetchable(digest)) await reads.whole(member, digest);
  }

  return {
    ...store,

    async readSmall(digests) {
      for (const digest of digests) use.note(digest);
      const missing = await store.missing(digests);
      // If one object cannot be fetched, the child must still get the others.
      await Promise.allSettled(
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
      use.note(digest);
      const stored = await store.open(digest, range);
      if (stored !== undefined) return stored;
      if ((await catalog.fetchable(digest)) === undefined) return undefined;
      const incoming = new Incoming();
      const granted = await reads.request({ client: member, digest, range }, incoming);
      if (granted.kind === 'stored') return store.open(digest, range);
      return coming(digest, granted, range ?? { start: 0, end: granted.size }, incoming);
    },
  };

  async function coming(
    digest: Digest,
    { fileName, spans, release }: Extract<ReadThroughAnswer, { kind: 'coming' }>,
    range: ByteSpan,
    incoming: Incoming,
  ) {
    for (const span of spans) incoming.arrived(fileName, span);
    const file = await openPartial(folder, fileName, digest).catch((error: unknown) => {
      release();
      throw error;
    });
    return pieceStream({
      range,
      pieceBytes: () => PIECE_BYTES,
      ready: (span) => incoming.whole(span, 0),
      read: (span) => readSpan(file.fd, span),
      closed() {
        use.note(digest);
        release();
        file.close().catch(() => {});
      },
    });
  }
}
