import type { KeyedLock } from '../../../shared/concurrency/keyed-lock.ts';
import type { Chunk, ChunkList } from '../../../shared/content/chunk-list.ts';
import { type Digest, digestOf } from '../../../shared/content/digest.ts';
import { MIN_CHUNK } from '../../../shared/content/fastcdc.ts';
import { isRawDictionary, MAX_DELTA_SIDE } from '../../../shared/delta/dcz.ts';
import { SkerryError } from '../../../shared/errors.ts';
import { wholeBody } from '../../../shared/json/whole-body.ts';
import type { ObjectStore } from '../../../shared/store/object-store.ts';
import { storeWhole } from '../../../shared/store/store-whole.ts';
import type { NeededObject } from '../../store/catalog.ts';
import type { Transfer } from '../upstream/transfer.ts';
import { checkedChunks, decodeList, endOfRun, startOf, wholeAsOneChunk } from './chunked-draft.ts';
import type { ObjectSource } from './object-source.ts';
import { wholeObject } from './whole-object.ts';

/** The chunks from `first` up to, but not including, `end`. */
export interface ChunkRun {
  readonly first: number;
  readonly end: number;
}

/** Fetches objects that do not travel in bundles, chunk by chunk. */
export class LargeObjects {
  readonly #store: ObjectStore;
  readonly #drafts: KeyedLock<Digest>;

  constructor(store: ObjectStore, drafts: KeyedLock<Digest>) {
    this.#store = store;
    this.#drafts = drafts;
  }

  /**
   * Fetches and checks the chunk list of an object. The signed entry contains the digest of the list, and the list
   * contains the digests of the chunks.
   */
  async chunkList(source: ObjectSource, object: NeededObject, transfer: Transfer): Promise<ChunkList> {
    const { digest, size, chunks } = object;
    if (chunks === null) return wholeAsOneChunk(object);
    const stored = await this.#store.open(chunks);
    const held = stored && Buffer.concat((await stored.toArray()) as Buffer[]);
    const isSound = held !== undefined && digestOf(held) === chunks;
    const bytes = isSound ? held : await this.#fetchChunkList(source, chunks, size, transfer);
    const list = decodeList(bytes);
    if (list.object !== digest || list.size !== size) {
      throw new SkerryError('corrupt-object', `the chunk list ${chunks} belongs to another object`);
    }
    return list;
  }

  /**
   * Yields the checked chunks of the run in order, until the upstream stops. Each chunk overwrites the bytes of the
   * previous one. `base` is an older version of the object. A whole object of up to `mostCoded` bytes is encoded
   * against it. Otherwise, chunks that the base holds are copied instead of fetched.
   */
  async *chunks(
    source: ObjectSource,
    list: ChunkList,
    run: ChunkRun,
    base: NeededObject | undefined,
    transfer: Transfer,
    mostCoded = MAX_DELTA_SIDE,
  ): AsyncGenerator<Buffer> {
    const isWhole = run.first === 0 && run.end === list.chunks.length;
    // An encoded body cannot be resumed. After an interruption, the rest is fetched without encoding.
    if (isWhole && list.size <= mostCoded) yield* this.#codedChunks(source, list, base, transfer);
    else yield* this.#plainChunks(source, list, run, base, transfer);
  }

  async *#codedChunks(
    { upstream, self }: ObjectSource,
    list: ChunkList,
    base: NeededObject | undefined,
    transfer: Transfer,
  ): AsyncGenerator<Buffer> {
    const old =
      base === undefined || base.size > MAX_DELTA_SIDE
        ? undefined
        : await wholeObject(this.#store, base.digest).catch(() => undefined);
    const dictionary = old !== undefined && isRawDictionary(old) ? old : undefined;
    const body = await upstream.object(self, list.object, dictionary, transfer);
    yield* checkedChunks(list, 0, list.chunks.length, body);
  }

  async *#plainChunks(
    { upstream, self }: ObjectSource,
    list: ChunkList,
    { first, end }: ChunkRun,
    base: NeededObject | undefined,
    transfer: Transfer,
  ): AsyncGenerator<Buffer> {
    const local = base === undefined ? new Map<Digest, number>() : await this.#chunkOffsets(base);
    for (let next = first; next < end; ) {
      const copied = await this.#copied(base, list.chunks[next], local);
      if (copied !== undefined) {
        yield copied;
        next++;
        continue;
      }
      const until = Math.min(end, endOfRun(list, next, local));
      const range = { start: startOf(list, next), end: startOf(list, until) };
      const body = await upstream.range(self, list.object, range, transfer);
      for await (const bytes of checkedChunks(list, next, until, body)) {
        yield bytes;
        next++;
      }
      if (next < until) throw new SkerryError('corrupt-object', `the object ${list.object} is cut off`);
    }
  }

  /**
   * Reads the chunk from the base. Returns undefined if the chunk must be fetched because the base does not hold it or
   * is damaged.
   */
  async #copied(
    base: NeededObject | undefined,
    chunk: Chunk | undefined,
    local: Map<Digest, number>,
  ): Promise<Buffer | undefined> {
    const start = chunk && local.get(chunk.digest);
    if (base === undefined || chunk === undefined || start === undefined) return undefined;
    const stored = await this.#store.open(base.digest, { start, end: start + chunk.size });
    const bytes = stored && Buffer.concat((await stored.toArray()) as Buffer[]);
    if (bytes !== undefined && digestOf(bytes) === chunk.digest) return bytes;
    local.delete(chunk.digest);
    return undefined;
  }

  async #chunkOffsets(base: NeededObject): Promise<Map<Digest, number>> {
    const offsets = new Map<Digest, number>();
    const stored = base.chunks === null ? undefined : await this.#store.open(base.chunks);
    if (stored === undefined) return offsets;
    let start = 0;
    for (const chunk of decodeList(Buffer.concat(await stored.toArray())).chunks) {
      offsets.set(chunk.digest, start);
      start += chunk.size;
    }
    return offsets;
  }

  async #fetchChunkList(
    { upstream, self }: ObjectSource,
    digest: Digest,
    objectSize: number,
    transfer: Transfer,
  ): Promise<Buffer> {
    const most = 1024 + 36 * Math.ceil(objectSize / MIN_CHUNK);
    const body = await upstream.object(self, digest, undefined, transfer);
    const tooLong = `the chunk list ${digest} is too long`;
    const bytes = await wholeBody(body, most, 'corrupt-object', tooLong);
    if (digestOf(bytes) !== digest)
      throw new SkerryError('corrupt-object', `the chunk list ${digest} does not match its digest`);
    await this.#drafts.run(digest, () => storeWhole(this.#store, digest, bytes));
    return bytes;
  }
}
