import { randomBytes } from 'node:crypto';
import { FairShare } from '../../shared/concurrency/fair-share.ts';
import { runAtMost } from '../../shared/concurrency/run-at-most.ts';
import type { ChunkList } from '../../shared/content/chunk-list.ts';
import type { Digest } from '../../shared/content/digest.ts';
import { hasCode, SkerryError } from '../../shared/errors.ts';
import type { ByteSpan } from '../../shared/store/byte-span.ts';
import { partialName } from '../../shared/store/layout.ts';
import type { ObjectStore } from '../../shared/store/object-store.ts';
import { BUNDLE_OBJECT } from '../../shared/wire/bundle.ts';
import type { ChunkRun } from '../follow/fetch/large-objects.ts';
import type { ObjectFetch } from '../follow/fetch/object-fetch.ts';
import type { ObjectSource } from '../follow/fetch/object-source.ts';
import type { Transfer } from '../follow/upstream/transfer.ts';
import type { FoundMissing } from '../messages/read-through.ts';
import type { EdgeCatalog, Fetchable, NeededObject } from '../store/catalog.ts';
import { Incoming } from './incoming.ts';
import { type Missed, Misses } from './misses.ts';
import { type Arrivals, PartialObject } from './partial-object.ts';
import type { PartialObjects } from './partial-objects.ts';
import { type TransferTurn, TransferTurns } from './transfer-turns.ts';

/**
 * The maximum number of requests that wait for an object or read a partial one, for each client and in all. Further
 * requests are refused.
 */
const MOST_WAITING = { perOwner: 2048, inAll: 20_000 };
/** Larger runs are fetched uncompressed, so that their first bytes do not wait until the last bytes are encoded. */
const MOST_CODED = 4 * 1024 * 1024;
/** The maximum number of parallel fetches of single objects after a fetch of several objects has failed. */
const MOST_ALONE = 3;

export interface ReadRequest {
  /**
   * The client, because clients take turns. It is a member, the work of this edge, or a reader's address in the form
   * that limits use.
   */
  readonly client: string;
  readonly digest: Digest;
  readonly range?: ByteSpan | undefined;
  /** Aborts when the reader has left. */
  readonly gone?: AbortSignal;
}

export type ReadThroughAnswer =
  /** The store has the object. */
  | { readonly kind: 'stored'; readonly found: FoundMissing }
  /**
   * The file of the partial object has these bytes. `arrivals` is notified of further bytes until `release` is called.
   */
  | {
      readonly kind: 'coming';
      readonly found: FoundMissing;
      readonly spans: readonly ByteSpan[];
      /** The name of the partial object's file, until the object is complete. */
      readonly fileName: string;
      /** The size of the whole object. */
      readonly size: number;
      release(): void;
    };

/** The disk budget of a lazy edge. */
export interface DiskRoom {
  /** The free bytes of the budget. Negative while the edge holds too much. */
  readonly room: number;
  /** Called when these objects have been stored on disk or have grown. */
  added(objects: readonly { readonly digest: Digest; readonly size: number }[]): Promise<void>;
  removed(digests: readonly Digest[]): Promise<void>;
}

export interface ReadThroughParts {
  readonly catalog: EdgeCatalog;
  readonly store: ObjectStore;
  readonly objects: ObjectFetch;
  readonly partials: PartialObjects;
  /**
   * Undefined for an edge with full storage. If such an edge lacks an object, the object was lost or has not arrived
   * yet.
   */
  readonly budget: DiskRoom | undefined;
  /** The upstreams to ask. The one that the edge follows comes first. */
  readonly sources: () => readonly ObjectSource[];
  /** Records an upstream's error. */
  readonly blame: (error: unknown, source: ObjectSource) => void;
  readonly tier: () => FoundMissing['tier'];
  readonly transfer: Transfer;
  /** Returns milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

/**
 * Fetches the objects that readers request and the edge does not hold. Each object is fetched once, however many
 * readers in however many processes wait for it. Small objects that are requested at the same moment travel together.
 * For a large object, only the requested chunks are fetched.
 */
export class ReadThrough {
  readonly #parts: ReadThroughParts;
  readonly #lists = new Map<Digest, { readonly turn: TransferTurn; readonly list: Promise<ChunkList> }>();
  readonly #missed = new Misses((missed) => this.#fetchTogether(missed));
  readonly #waiting = new FairShare(MOST_WAITING);
  readonly #turns: TransferTurns;
  #misses = 0;
  #collapsed = 0;

  constructor(parts: ReadThroughParts) {
    this.#parts = parts;
    this.#turns = new TransferTurns(parts.now);
  }

  /** Requests for an object that was missing, and how many of them joined the fetch of another request. */
  get counts(): { readonly misses: number; readonly collapsed: number } {
    return { misses: this.#misses, collapsed: this.#collapsed };
  }

  /**
   * Resolves when the object is in the store, or when its bytes can be read as they arrive. Throws `no-such-object` if
   * no entry names the object, `too-many-misses` if too many requests wait, or the error of an upstream.
   */
  async request(request: ReadRequest, arrivals: Arrivals): Promise<ReadThroughAnswer> {
    const leave = this.#waiting.take(request.client);
    if (leave === undefined)
      throw new SkerryError(
        'too-many-misses',
        'this client has too many requests waiting for missing objects',
      );
    let isComing = false;
    try {
      const granted = await this.#grant(request, arrivals);
      if (granted.found.found !== 'all') this.#misses++;
      if (granted.found.isCollapsed) this.#collapsed++;
      if (granted.kind === 'stored') return granted;
      isComing = true;
      return { ...granted, release: once(granted.release, leave) };
    } finally {
      if (!isComing) leave();
    }
  }

  /**
   * Resolves when the whole object is in the store. After an abort, the next call continues with the bytes that have
   * arrived.
   */
  async whole(client: string, digest: Digest, signal?: AbortSignal): Promise<void> {
    const incoming = new Incoming();
    const granted = await this.request({ client, digest }, incoming);
    if (granted.kind === 'stored') return;
    for (const span of granted.spans) incoming.arrived(granted.fileName, span);
    const give = () =>
      incoming.broke(
        granted.fileName,
        new SkerryError('unavailable', 'the reader has closed the connection'),
      );
    signal?.addEventListener('abort', give, { once: true });
    try {
      signal?.throwIfAborted();
      await incoming.whole({ start: 0, end: granted.size });
    } finally {
      signal?.removeEventListener('abort', give);
      granted.release();
    }
  }

  async #grant(request: ReadRequest, arrivals: Arrivals): Promise<ReadThroughAnswer> {
    const { client, digest, gone } = request;
    const known = await this.#parts.catalog.fetchable(digest);
    if (known === undefined) throw new SkerryError('no-such-object', `no entry names the object ${digest}`);
    if (known.kind === 'chunk-list') {
      await this.#chunkList(client, known.of);
      return this.#stored('none', false);
    }
    if (known.object.size > BUNDLE_OBJECT) return this.#grantLarge(known, request, arrivals);
    if (!this.#missed.has(digest) && (await this.#isStored(digest))) return this.#stored('all', false);
    const isCollapsed = this.#missed.has(digest);
    await this.#missed.bring(client, known, gone);
    return this.#stored('none', isCollapsed);
  }

  async #grantLarge(
    { object, otherVersions }: Extract<Fetchable, { kind: 'content' }>,
    { client, range }: ReadRequest,
    arrivals: Arrivals,
  ): Promise<ReadThroughAnswer> {
    const { digest, size } = object;
    const begin = (partial: PartialObject): ReadThroughAnswer => {
      const { availability, spans, release } = partial.request(
        client,
        range ?? { start: 0, end: size },
        arrivals,
      );
      const found = { ...availability, tier: this.#parts.tier() };
      return { kind: 'coming', found, spans, fileName: partial.fileName, size, release };
    };
    const known = this.#parts.partials.get(digest);
    const granted =
      known === undefined ? await this.#openPartial(client, object, otherVersions, begin) : begin(known);
    return granted ?? this.#stored('all', false);
  }

  /** Opens the partial object. Returns undefined if the store now has the complete object. */
  async #openPartial<T>(
    client: string,
    object: NeededObject,
    otherVersions: readonly NeededObject[],
    begin: (partial: PartialObject) => T,
  ): Promise<T | undefined> {
    const { partials, budget } = this.#parts;
    const { digest } = object;
    if (await this.#isStored(digest)) return undefined;
    const list = await this.#chunkList(client, object);
    for (const surplus of partials.surplus())
      if (await partials.drop(surplus)) await budget?.removed([surplus]);
    const make = async () => {
      if (await this.#isStored(digest)) return undefined;
      return this.#beginPartial(list, await this.#firstStored(otherVersions));
    };
    return partials.open(digest, make, begin);
  }

  async #beginPartial(list: ChunkList, base: NeededObject | undefined): Promise<PartialObject> {
    const { store, partials, budget, sources } = this.#parts;
    const digest = list.object;
    const fileName = partialName(digest, randomBytes(6).toString('hex'));
    const open = () => store.draft(fileName);
    // The file exists before any reader gets its name.
    await (await open()).suspend();
    const partial: PartialObject = new PartialObject({
      fileName,
      list,
      open,
      chunks: (run, attempt) => this.#chunks(list, run, base, attempt),
      turn: (client) => this.#turns.ask(client),
      attempts: () => sources().length + 1,
      // If this fails, nothing is lost, because the next start compares the recorded sizes with the store.
      grown: () => void budget?.added([{ digest, size: partial.bytes }]).catch(() => {}),
      ended(isKept) {
        partials.ended(digest, partial);
        if (!isKept) void budget?.removed([digest]).catch(() => {});
      },
    });
    return partial;
  }

  async *#chunks(
    list: ChunkList,
    run: ChunkRun,
    base: NeededObject | undefined,
    attempt: number,
  ): AsyncGenerator<Buffer> {
    const { objects, transfer } = this.#parts;
    const source = this.#source(attempt);
    const again = attempt === 0 ? transfer : { ...transfer, isAnew: true };
    try {
      yield* objects.large.chunks(source, list, run, base, again, MOST_CODED);
    } catch (error) {
      this.#parts.blame(error, source);
      throw error;
    }
  }

  #chunkList(client: string, object: NeededObject): Promise<ChunkList> {
    const known = this.#lists.get(object.digest);
    if (known !== undefined) {
      known.turn.add(client);
      return known.list;
    }
    const turn = this.#turns.ask(client);
    const list = this.#fetchList(turn, object);
    this.#lists.set(object.digest, { turn, list });
    return list;
  }

  async #fetchList(turn: TransferTurn, object: NeededObject): Promise<ChunkList> {
    const { objects, transfer } = this.#parts;
    try {
      await turn.come;
      return await this.#fromAny((source) => objects.large.chunkList(source, object, transfer));
    } finally {
      turn.end();
      this.#lists.delete(object.digest);
    }
  }

  /**
   * Fetches several objects together. If one of them is missing or corrupt, fetches them one by one, so that the others
   * still arrive.
   */
  async #fetchTogether(missed: readonly Missed[]): Promise<void> {
    try {
      await this.#fetch(missed);
      for (const { resolve } of missed) resolve();
    } catch (error) {
      const isOfOne = hasCode(error, 'no-such-object') || hasCode(error, 'corrupt-object');
      if (missed.length === 1 || !isOfOne) {
        for (const { reject } of missed) reject(error);
        return;
      }
      await runAtMost(
        MOST_ALONE,
        missed.map((each) => () => this.#fetchTogether([each])),
      );
    }
  }

  async #fetch(missed: readonly Missed[]): Promise<void> {
    const bases = new Map<string, NeededObject>();
    for (const { object, otherVersions } of missed) {
      const base = await this.#firstStored(otherVersions);
      if (base !== undefined) bases.set(object.digest, base);
    }
    const needed = missed.map(({ object }) => object);
    const { objects, transfer } = this.#parts;
    await this.#fromAny((source) => objects.fetch(source, needed, bases, () => {}, transfer));
  }

  async #firstStored(objects: readonly NeededObject[]): Promise<NeededObject | undefined> {
    if (objects.length === 0) return undefined;
    const absent = new Set(await this.#parts.store.missing(objects.map(({ digest }) => digest)));
    return objects.find(({ digest, size }) => size > 0 && !absent.has(digest));
  }

  async #isStored(digest: Digest): Promise<boolean> {
    return (await this.#parts.store.missing([digest])).length === 0;
  }

  async #fromAny<T>(work: (source: ObjectSource) => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      const source = this.#source(attempt);
      try {
        return await work(source);
      } catch (error) {
        this.#parts.blame(error, source);
        if (this.#parts.transfer.signal.aborted || attempt + 1 >= this.#parts.sources().length) throw error;
      }
    }
  }

  #source(attempt: number): ObjectSource {
    const sources = this.#parts.sources();
    const source = sources[attempt % sources.length];
    if (source === undefined) throw new SkerryError('origin-unreachable', 'there is no upstream to ask');
    return source;
  }

  #stored(found: FoundMissing['found'], isCollapsed: boolean): ReadThroughAnswer {
    return { kind: 'stored', found: { found, isCollapsed, tier: this.#parts.tier() } };
  }
}

function once(...acts: readonly (() => void)[]): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    for (const act of acts) act();
  };
}
