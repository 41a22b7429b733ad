import { SMALL_OBJECT } from '../../shared/bundle.ts';
import { type ChunkList, decodeChunkList } from '../../shared/chunk-list.ts';
import { type Digest, digestOf } from '../../shared/digest.ts';
import { SkerryError } from '../../shared/errors.ts';
import { MAX_CHUNK, MIN_CHUNK } from '../../shared/fastcdc.ts';
import { KeyedLock } from '../../shared/keyed-lock.ts';
import type { Draft, ObjectStore, SmallObject } from '../../shared/store/object-store.ts';
import type { NeededObject } from '../store/catalog.ts';
import { planFetch } from './fetch-plan.ts';
import type { Caller, Upstream } from './upstream.ts';

const AT_ONCE = 3;

/** Brings missing objects into the store; nothing enters it that does not match its digest. */
export class ObjectFetch {
  readonly #upstream: Upstream;
  readonly #caller: Caller;
  readonly #store: ObjectStore;
  /** Two sites may want one object at one time, and a draft has one writer. */
  readonly #drafts = new KeyedLock<Digest>();

  constructor(upstream: Upstream, caller: Caller, store: ObjectStore) {
    this.#upstream = upstream;
    this.#caller = caller;
    this.#store = store;
  }

  /** Resolves when all of them are stored durably; `arrived` counts the bytes that need fetching no more. */
  async fetch(
    needed: readonly NeededObject[],
    arrived: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const missing = new Set(await this.#store.missing([...new Set(needed.map(({ digest }) => digest))]));
    const { bundles, large } = planFetch(needed, missing);
    const jobs = [
      ...bundles.map((bundle) => () => this.#fetchBundle(bundle, signal)),
      ...large.map((object) => () => this.#drafts.run(object.digest, () => this.#fetchLarge(object, signal))),
    ];
    await runAtMost(AT_ONCE, jobs);
    arrived(needed.reduce((sum, { size }) => sum + size, 0));
  }

  async #fetchBundle(objects: readonly NeededObject[], signal: AbortSignal): Promise<void> {
    const wanted = objects.map(({ digest }) => digest);
    const arrived: SmallObject[] = [];
    try {
      for await (const item of this.#upstream.bundle(this.#caller, wanted, signal)) arrived.push(item);
    } finally {
      // What has come and matches is kept when the rest breaks off.
      if (arrived.length > 0) await this.#store.putSmall(arrived);
    }
    if (arrived.length < wanted.length) {
      throw new SkerryError(
        'no-such-object',
        `${wanted.length - arrived.length} objects are not held upstream`,
      );
    }
  }

  async #fetchLarge(object: NeededObject, signal: AbortSignal): Promise<void> {
    const { digest, size, chunks } = object;
    if ((await this.#store.missing([digest])).length === 0) return;
    const list =
      chunks === null ? wholeAsOneChunk(object) : await this.#chunkList(digest, size, chunks, signal);
    const draft = await this.#store.draft(digest);
    try {
      let next = await verifiedChunks(draft, list);
      if (draft.size < size) next = await this.#appendChunks(draft, list, next, signal);
      if (next < list.chunks.length)
        throw new SkerryError('corrupt-object', `the object ${digest} is cut off`);
    } catch (error) {
      await draft.suspend();
      throw error;
    }
    await draft.keep(digest);
  }

  async #appendChunks(draft: Draft, list: ChunkList, first: number, signal: AbortSignal): Promise<number> {
    const range = { start: draft.size, end: list.size - 1 };
    const body = await this.#upstream.object(this.#caller, list.object, range, signal);
    // One buffer for all chunks: a new one for each would wait for the collector by the hundred.
    const held = Buffer.allocUnsafe(MAX_CHUNK);
    let bytes = 0;
    let next = first;
    for await (const piece of body) {
      for (let rest = piece as Buffer; rest.length > 0; ) {
        const chunk = list.chunks[next];
        if (chunk === undefined) {
          body.destroy();
          throw new SkerryError(
            'corrupt-object',
            `the object ${list.object} is longer than the origin signed`,
          );
        }
        const taken = rest.copy(held, bytes, 0, chunk.size - bytes);
        rest = rest.subarray(taken);
        bytes += taken;
        if (bytes < chunk.size) continue;
        await appendVerified(draft, held.subarray(0, bytes), chunk.digest);
        bytes = 0;
        next++;
      }
    }
    return next;
  }

  /** The list names the object's chunks and the signed entry names the list. */
  async #chunkList(object: Digest, size: number, digest: Digest, signal: AbortSignal): Promise<ChunkList> {
    const stored = await this.#store.open(digest);
    const bytes =
      stored === undefined
        ? await this.#fetchChunkList(digest, size, signal)
        : Buffer.concat(await stored.toArray());
    const list = decodeList(bytes);
    if (list.object !== object || list.size !== size) {
      throw new SkerryError('corrupt-object', `the chunk list ${digest} is one of another object`);
    }
    return list;
  }

  async #fetchChunkList(digest: Digest, objectSize: number, signal: AbortSignal): Promise<Buffer> {
    const most = 1024 + 36 * Math.ceil(objectSize / MIN_CHUNK);
    const pieces: Buffer[] = [];
    let held = 0;
    const body = await this.#upstream.object(this.#caller, digest, undefined, signal);
    for await (const piece of body) {
      pieces.push(piece as Buffer);
      held += (piece as Buffer).length;
      if (held > most) throw new SkerryError('corrupt-object', `the chunk list ${digest} is too long`);
    }
    const bytes = Buffer.concat(pieces);
    if (digestOf(bytes) !== digest)
      throw new SkerryError('corrupt-object', `the chunk list ${digest} arrived altered`);
    await this.#storeWhole(digest, bytes);
    return bytes;
  }

  async #storeWhole(digest: Digest, bytes: Buffer): Promise<void> {
    if (bytes.length <= SMALL_OBJECT) return this.#store.putSmall([{ digest, bytes }]);
    const draft = await this.#store.draft(digest);
    await draft.truncate(0);
    await draft.append(bytes);
    await draft.keep(digest);
  }
}

/** An object of up to 1 MiB has no list: its own digest is that of its only chunk. */
function wholeAsOneChunk({ digest, size }: NeededObject): ChunkList {
  return { object: digest, size, chunks: [{ digest, size }] };
}

/** How many chunks a draft of an earlier try holds; cuts off what does not match. */
async function verifiedChunks(draft: Draft, list: ChunkList): Promise<number> {
  let start = 0;
  for (const [i, chunk] of list.chunks.entries()) {
    if (start + chunk.size > draft.size || !(await holdsChunk(draft, start, chunk))) {
      await draft.truncate(start);
      return i;
    }
    start += chunk.size;
  }
  await draft.truncate(start);
  return list.chunks.length;
}

async function holdsChunk(draft: Draft, start: number, chunk: ChunkList['chunks'][number]): Promise<boolean> {
  const bytes = Buffer.concat(await draft.read({ start, end: start + chunk.size - 1 }).toArray());
  return digestOf(bytes) === chunk.digest;
}

async function appendVerified(draft: Draft, bytes: Buffer, digest: Digest): Promise<void> {
  if (digestOf(bytes) !== digest)
    throw new SkerryError('corrupt-object', `the chunk ${digest} arrived altered`);
  await draft.append(bytes);
}

function decodeList(bytes: Buffer): ChunkList {
  try {
    return decodeChunkList(bytes);
  } catch (cause) {
    throw new SkerryError('corrupt-object', 'a chunk list does not decode', { cause });
  }
}

/** Runs the jobs, some at a time; after the first failure begins no more, and fails when the begun ones ended. */
async function runAtMost(atOnce: number, jobs: readonly (() => Promise<void>)[]): Promise<void> {
  const queue = jobs.values();
  let failure: { error: unknown } | undefined;
  const work = async () => {
    for (const job of queue) {
      if (failure !== undefined) return;
      await job().catch((error: unknown) => {
        failure ??= { error };
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, jobs.length) }, work));
  if (failure !== undefined) throw failure.error;
}
