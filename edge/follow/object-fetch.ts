import type { Readable } from 'node:stream';
import { SMALL_OBJECT } from '../../shared/bundle.ts';
import type { ChunkList } from '../../shared/chunk-list.ts';
import { isRawDictionary, MAX_DELTA_SIDE } from '../../shared/delta/dcz.ts';
import type { Encoded } from '../../shared/delta/encodings.ts';
import { type Digest, digestOf } from '../../shared/digest.ts';
import { SkerryError } from '../../shared/errors.ts';
import { MIN_CHUNK } from '../../shared/fastcdc.ts';
import type { Gate } from '../../shared/gate.ts';
import { KeyedLock } from '../../shared/keyed-lock.ts';
import { encodeNames } from '../../shared/manifest/object-names.ts';
import type { Draft, ObjectStore, SmallObject } from '../../shared/store/object-store.ts';
import type { NeededObject } from '../store/catalog.ts';
import {
  appendVerified,
  decodeList,
  endOfRun,
  startOf,
  verifiedChunks,
  wholeAsOneChunk,
} from './chunked-draft.ts';
import { type BundlePlan, countedOnce, heldBases, planFetch } from './fetch-plan.ts';
import { runAtMost } from './run-at-most.ts';
import type { Caller, Dictionary, Transfer, Upstream } from './upstream.ts';

const AT_ONCE = 3;
/** Larger objects of a bundle wait here until there is a batch of small ones to sync with. */
const SYNC_BYTES = 4 * 1024 * 1024;

/** Where objects are fetched from, and what encodings that pass through are kept for. */
export interface ObjectSource {
  readonly upstream: Upstream;
  readonly caller: Caller;
  /** A parent forwards a bundle to its children as it came. */
  readonly keepEncoded:
    | ((names: string, dictionary: Digest | undefined, encoded: Encoded) => void)
    | undefined;
}

/** Brings missing objects into the store; nothing enters it that does not match its digest. */
export class ObjectFetch {
  readonly #store: ObjectStore;
  /** Two sites may want one object at one time, and a draft has one writer. */
  readonly #drafts = new KeyedLock<Digest>();

  readonly #gate: Gate;

  /** `gate` keeps pruning out while it is looked what is missing. */
  constructor(store: ObjectStore, gate: Gate) {
    this.#store = store;
    this.#gate = gate;
  }

  /**
   * Resolves when all of them are stored durably. `bases` name objects that resemble the ones wanted, by digest of
   * the wanted; `arrived` counts the bytes that need fetching no more.
   */
  async fetch(
    source: ObjectSource,
    needed: readonly NeededObject[],
    bases: ReadonlyMap<string, NeededObject>,
    arrived: (bytes: number) => void,
    transfer: Transfer,
  ): Promise<void> {
    const digests = new Set(needed.map(({ digest }) => digest));
    const asked = [...new Set([...digests, ...[...bases.values()].map(({ digest }) => digest)])];
    const absent = new Set(await this.#gate.shared(() => this.#store.missing(asked)));
    const missing = new Set([...digests].filter((digest) => absent.has(digest)));
    arrived(needed.reduce((sum, { digest, size }) => (missing.has(digest) ? sum : sum + size), 0));
    if (missing.size === 0) return;
    const { bundles, large } = planFetch(needed, missing, heldBases(bases, absent));
    const bytesOf = countedOnce(needed);
    const jobs = [
      ...bundles.map((bundle) => async () => {
        await this.#fetchBundle(source, bundle, transfer);
        arrived(bundle.objects.reduce((sum, { digest }) => sum + bytesOf(digest), 0));
      }),
      ...large.map(({ object, base }) => async () => {
        await this.#drafts.run(object.digest, () => this.#fetchLarge(source, object, base, transfer));
        arrived(bytesOf(object.digest));
      }),
    ];
    await runAtMost(AT_ONCE, jobs);
  }

  async #fetchBundle(source: ObjectSource, plan: BundlePlan, transfer: Transfer): Promise<void> {
    const wanted = plan.objects.map(({ digest }) => digest);
    const dictionary = await this.#dictionary(plan.dictionary);
    const { upstream, caller, keepEncoded } = source;
    const keep =
      keepEncoded &&
      ((encoded: Encoded) =>
        keepEncoded(encodeNames(wanted), dictionary && digestOf(dictionary.bytes), encoded));
    const left = new Map(plan.objects.map((object) => [object.digest, object]));
    let small: SmallObject[] = [];
    let held = 0;
    const sync = async () => {
      const batch = small;
      small = [];
      held = 0;
      if (batch.length > 0) await this.#store.putSmall(batch);
    };
    try {
      for await (const item of upstream.bundle(caller, wanted, dictionary, transfer, keep)) {
        left.delete(item.digest);
        if (item.bytes.length > SMALL_OBJECT) {
          await this.#drafts.run(item.digest, () => this.#storeWhole(item.digest, item.bytes));
          continue;
        }
        small.push(item);
        held += item.bytes.length;
        if (held > SYNC_BYTES) await sync();
      }
    } finally {
      // What has come and matches is kept when the rest breaks off.
      await sync();
    }
    for (const object of left.values()) await this.#fetchAlone(source, object, transfer);
  }

  /** An object that a bundle should have brought, by its whole digest. */
  async #fetchAlone(
    { upstream, caller }: ObjectSource,
    object: NeededObject,
    transfer: Transfer,
  ): Promise<void> {
    const { digest, size } = object;
    const body = await upstream.object(caller, digest, undefined, transfer);
    const bytes = await collected(body, size, `the object ${digest} is longer than the origin signed`);
    if (digestOf(bytes) !== digest)
      throw new SkerryError('corrupt-object', `the object ${digest} arrived altered`);
    await this.#drafts.run(digest, () => this.#storeWhole(digest, bytes));
  }

  async #dictionary(objects: readonly NeededObject[]): Promise<Dictionary | undefined> {
    if (objects.length === 0) return undefined;
    const digests = objects.map(({ digest }) => digest);
    const pieces: Buffer[] = [];
    for (const digest of digests) pieces.push(await this.#wholeObject(digest));
    const bytes = Buffer.concat(pieces);
    return isRawDictionary(bytes) ? { digests, bytes } : undefined;
  }

  async #fetchLarge(
    source: ObjectSource,
    object: NeededObject,
    base: NeededObject | undefined,
    transfer: Transfer,
  ): Promise<void> {
    const { digest, size, chunks } = object;
    if ((await this.#store.missing([digest])).length === 0) return;
    const list =
      chunks === null
        ? wholeAsOneChunk(object)
        : await this.#chunkList(source, digest, size, chunks, transfer);
    const draft = await this.#store.draft(digest);
    try {
      let next = await verifiedChunks(draft, list);
      // A coded body cannot be resumed: after a break the rest comes as it is.
      if (next === 0 && size <= MAX_DELTA_SIDE)
        next = await this.#appendCoded(source, draft, list, base, transfer);
      else if (next < list.chunks.length) await this.#appendChunks(source, draft, list, next, base, transfer);
      if (draft.size < size) throw new SkerryError('corrupt-object', `the object ${digest} is cut off`);
    } catch (error) {
      await draft.suspend();
      throw error;
    }
    await draft.keep(digest);
  }

  /** The whole object, coded against what it is an edit of where that pays. */
  async #appendCoded(
    { upstream, caller }: ObjectSource,
    draft: Draft,
    list: ChunkList,
    base: NeededObject | undefined,
    transfer: Transfer,
  ): Promise<number> {
    const old =
      base === undefined || base.size > MAX_DELTA_SIDE ? undefined : await this.#wholeObject(base.digest);
    const dictionary = old !== undefined && isRawDictionary(old) ? old : undefined;
    return appendVerified(draft, list, 0, await upstream.object(caller, list.object, dictionary, transfer));
  }

  /** The chunks from `first` on: copied from what the object is an edit of where that holds them, else fetched. */
  async #appendChunks(
    { upstream, caller }: ObjectSource,
    draft: Draft,
    list: ChunkList,
    first: number,
    base: NeededObject | undefined,
    transfer: Transfer,
  ): Promise<void> {
    const local = base === undefined ? new Map<Digest, number>() : await this.#chunkOffsets(base);
    let next = first;
    while (next < list.chunks.length) {
      const chunk = list.chunks[next];
      const offset = chunk && local.get(chunk.digest);
      if (base !== undefined && chunk !== undefined && offset !== undefined) {
        const bytes = await this.#store.open(base.digest, { start: offset, end: offset + chunk.size - 1 });
        if (
          bytes !== undefined &&
          (await appendVerified(draft, list, next, bytes, next + 1).catch(() => next)) > next
        ) {
          next++;
          continue;
        }
        // What is here does not match any more: it is fetched.
        await draft.truncate(startOf(list, next));
        local.delete(chunk.digest);
      }
      const end = endOfRun(list, next, local);
      const range = { start: startOf(list, next), end: startOf(list, end) - 1 };
      next = await appendVerified(
        draft,
        list,
        next,
        await upstream.range(caller, list.object, range, transfer),
        end,
      );
      if (next < end) throw new SkerryError('corrupt-object', `the object ${list.object} is cut off`);
    }
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

  /** The list names the object's chunks and the signed entry names the list. */
  async #chunkList(
    source: ObjectSource,
    object: Digest,
    size: number,
    digest: Digest,
    transfer: Transfer,
  ): Promise<ChunkList> {
    const stored = await this.#store.open(digest);
    const bytes =
      stored === undefined
        ? await this.#fetchChunkList(source, digest, size, transfer)
        : Buffer.concat(await stored.toArray());
    const list = decodeList(bytes);
    if (list.object !== object || list.size !== size) {
      throw new SkerryError('corrupt-object', `the chunk list ${digest} is one of another object`);
    }
    return list;
  }

  async #fetchChunkList(
    { upstream, caller }: ObjectSource,
    digest: Digest,
    objectSize: number,
    transfer: Transfer,
  ): Promise<Buffer> {
    const most = 1024 + 36 * Math.ceil(objectSize / MIN_CHUNK);
    const body = await upstream.object(caller, digest, undefined, transfer);
    const bytes = await collected(body, most, `the chunk list ${digest} is too long`);
    if (digestOf(bytes) !== digest)
      throw new SkerryError('corrupt-object', `the chunk list ${digest} arrived altered`);
    await this.#drafts.run(digest, () => this.#storeWhole(digest, bytes));
    return bytes;
  }

  async #storeWhole(digest: Digest, bytes: Buffer): Promise<void> {
    if (bytes.length <= SMALL_OBJECT) return this.#store.putSmall([{ digest, bytes }]);
    const draft = await this.#store.draft(digest);
    await draft.truncate(0);
    await draft.append(bytes);
    await draft.keep(digest);
  }

  async #wholeObject(digest: Digest): Promise<Buffer> {
    const small = (await this.#store.readSmall([digest])).get(digest);
    if (small !== undefined) return small;
    const stream = await this.#store.open(digest);
    if (stream === undefined) throw new SkerryError('no-such-object', `the object ${digest} is gone`);
    return collected(stream, MAX_DELTA_SIDE, `the object ${digest} is too large for a dictionary`);
  }
}

async function collected(body: Readable, most: number, tooLong: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let held = 0;
  for await (const piece of body) {
    pieces.push(piece as Buffer);
    held += (piece as Buffer).length;
    if (held > most) throw new SkerryError('corrupt-object', tooLong);
  }
  return Buffer.concat(pieces, held);
}
