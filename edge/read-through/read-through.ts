import { randomBytes } from 'node:crypto';
import { FairShare } from '../../shared/concurrency/fair-share.ts';
import { runAtMost } from '../../shared/concurrency/run-at-most.ts';
import type { ChunkList } from '../../shared/content/chunk-list.ts';
import type { Digest } from '../../shared/content/digest.ts';
import { hasCode, SkerryError } from '../../shared/errors.ts';
import type { ByteSpan } from '../../shared/store/byte-span.ts';
import { fillName } from '../../shared/store/layout.ts';
import type { ObjectStore } from '../../shared/store/object-store.ts';
import { BUNDLE_OBJECT } from '../../shared/wire/bundle.ts';
import type { ChunkRun } from '../follow/fetch/large-objects.ts';
import type { ObjectFetch } from '../follow/fetch/object-fetch.ts';
import type { ObjectSource } from '../follow/fetch/object-source.ts';
import type { Transfer } from '../follow/upstream/transfer.ts';
import type { FoundMissing } from '../messages/read-through.ts';
import type { EdgeCatalog, Fetchable, NeededObject } from '../store/catalog.ts';
import { type Arrivals, Fill } from './fill.ts';
import type { Fills } from './fills.ts';
import { Incoming } from './incoming.ts';
import { type LaneTurn, LaneTurns } from './lane-turns.ts';
import { type Missed, Misses } from './misses.ts';

/** Requests that wait, or read what is coming in; more of a client are refused, and more than it leaves to others. */
const MOST_WAITING = { perOwner: 2048, inAll: 20_000 };
/** Larger ones come as they are, so that their first bytes do not wait for the last ones to be coded. */
const MOST_CODED = 4 * 1024 * 1024;
/** Of those that are fetched again one by one. */
const MOST_ALONE = 3;

export interface Wanted {
  /** Who takes turns with others: a reader's address, as limits count it, a member, or a task of this edge. */
  readonly client: string;
  readonly digest: Digest;
  readonly range?: ByteSpan | undefined;
  /** Aborted when nobody waits any more. */
  readonly gone?: AbortSignal;
}

export type Granted =
  /** It is whole, in the store. */
  | { readonly kind: 'stored'; readonly found: FoundMissing }
  /** Its file has these bytes; of others the arrivals tell. `release` when no more is wanted. */
  | {
      readonly kind: 'coming';
      readonly found: FoundMissing;
      readonly spans: readonly ByteSpan[];
      /** The name of its file, until it is whole. */
      readonly fill: string;
      /** Of the object. */
      readonly size: number;
      release(): void;
    };

/** Counts what the disk of a lazy edge holds, and makes room when that is too much. */
export interface DiskRoom {
  /** Bytes that there is room for; below 0 while too much is held. */
  readonly room: number;
  /** These are on the disk now, or more of them. */
  added(objects: readonly { readonly digest: Digest; readonly size: number }[]): Promise<void>;
  removed(digests: readonly Digest[]): Promise<void>;
}

export interface ReadThroughParts {
  readonly catalog: EdgeCatalog;
  readonly store: ObjectStore;
  readonly objects: ObjectFetch;
  readonly fills: Fills;
  /** Undefined for an edge that holds everything: what it lacks was lost, or has not come yet. */
  readonly budget: DiskRoom | undefined;
  /** Upstreams to ask, the one that is followed first. */
  readonly sources: () => readonly ObjectSource[];
  /** What an upstream did wrong. */
  readonly blame: (error: unknown, source: ObjectSource) => void;
  readonly tier: () => FoundMissing['tier'];
  readonly transfer: Transfer;
  /** In milliseconds, of a clock that never goes back. */
  readonly now: () => number;
}

/**
 * Fetches what a lazy edge is asked for and does not hold: each object once, however many wait for it in whichever
 * process. Smaller ones that are missed in one moment travel together; of a large one only what is wanted.
 */
export class ReadThrough {
  readonly #parts: ReadThroughParts;
  readonly #lists = new Map<Digest, { readonly turn: LaneTurn; readonly list: Promise<ChunkList> }>();
  readonly #missed = new Misses((missed) => this.#fetchTogether(missed));
  readonly #waiting = new FairShare(MOST_WAITING);
  readonly #turns: LaneTurns;
  #misses = 0;
  #collapsed = 0;

  constructor(parts: ReadThroughParts) {
    this.#parts = parts;
    this.#turns = new LaneTurns(parts.now);
  }

  /** Requests that met something missing, and how many of them waited for the fetch of another. */
  get counts(): { readonly misses: number; readonly collapsed: number } {
    return { misses: this.#misses, collapsed: this.#collapsed };
  }

  /**
   * Resolves when the range, or all of it, can be read as soon as it comes. Throws `no-such-object` for what no entry
   * names, `too-many-misses` when too much waits for this client, and what the upstreams answered.
   */
  async request(wanted: Wanted, arrivals: Arrivals): Promise<Granted> {
    const leave = this.#waiting.take(wanted.client);
    if (leave === undefined)
      throw new SkerryError('too-many-misses', 'this client waits for too much that is not here');
    let isComing = false;
    try {
      const granted = await this.#grant(wanted, arrivals);
      if (granted.found.found !== 'all') this.#misses++;
      if (granted.found.isCollapsed) this.#collapsed++;
      if (granted.kind === 'stored') return granted;
      isComing = true;
      return { ...granted, release: once(granted.release, leave) };
    } finally {
      if (!isComing) leave();
    }
  }

  /** Resolves when all bytes of the object are here; what the signal breaks off goes on from there the next time. */
  async whole(client: string, digest: Digest, signal?: AbortSignal): Promise<void> {
    const incoming = new Incoming();
    const granted = await this.request({ client, digest }, incoming);
    if (granted.kind === 'stored') return;
    for (const span of granted.spans) incoming.arrived(granted.fill, span);
    const give = () => incoming.broke(granted.fill, new SkerryError('unavailable', 'nobody waits any more'));
    signal?.addEventListener('abort', give, { once: true });
    try {
      signal?.throwIfAborted();
      await incoming.whole({ start: 0, end: granted.size });
    } finally {
      signal?.removeEventListener('abort', give);
      granted.release();
    }
  }

  async #grant(wanted: Wanted, arrivals: Arrivals): Promise<Granted> {
    const { client, digest, gone } = wanted;
    const known = await this.#parts.catalog.fetchable(digest);
    if (known === undefined)
      throw new SkerryError('no-such-object', `the object ${digest} is named by no entry`);
    if (known.kind === 'chunk-list') {
      await this.#chunkList(client, known.of);
      return this.#stored('none', false);
    }
    if (known.object.size > BUNDLE_OBJECT) return this.#grantLarge(known, wanted, arrivals);
    if (!this.#missed.has(digest) && (await this.#isStored(digest))) return this.#stored('all', false);
    const isCollapsed = this.#missed.has(digest);
    await this.#missed.bring(client, known, gone);
    return this.#stored('none', isCollapsed);
  }

  async #grantLarge(
    { object, kin }: Extract<Fetchable, { kind: 'content' }>,
    { client, range }: Wanted,
    arrivals: Arrivals,
  ): Promise<Granted> {
    const { digest, size } = object;
    const begin = (fill: Fill): Granted => {
      const { finding, spans, release } = fill.want(client, range ?? { start: 0, end: size }, arrivals);
      const found = { ...finding, tier: this.#parts.tier() };
      return { kind: 'coming', found, spans, fill: fill.name, size, release };
    };
    const known = this.#parts.fills.get(digest);
    const granted = known === undefined ? await this.#openFill(client, object, kin, begin) : begin(known);
    return granted ?? this.#stored('all', false);
  }

  /** Undefined when the object is whole by now. */
  async #openFill<T>(
    client: string,
    object: NeededObject,
    kin: readonly NeededObject[],
    begin: (fill: Fill) => T,
  ): Promise<T | undefined> {
    const { fills, budget } = this.#parts;
    const { digest } = object;
    if (await this.#isStored(digest)) return undefined;
    const list = await this.#chunkList(client, object);
    for (const surplus of fills.surplus()) if (await fills.drop(surplus)) await budget?.removed([surplus]);
    const make = async () => {
      if (await this.#isStored(digest)) return undefined;
      return this.#fillOf(list, await this.#firstStored(kin));
    };
    return fills.open(digest, make, begin);
  }

  async #fillOf(list: ChunkList, base: NeededObject | undefined): Promise<Fill> {
    const { store, fills, budget, sources } = this.#parts;
    const digest = list.object;
    const name = fillName(digest, randomBytes(6).toString('hex'));
    const open = () => store.draft(name);
    // Readers find the file when they are told of it.
    await (await open()).suspend();
    const fill: Fill = new Fill({
      name,
      list,
      open,
      chunks: (run, attempt) => this.#chunks(list, run, base, attempt),
      turn: (client) => this.#turns.ask(client),
      attempts: () => sources().length + 1,
      // What it takes is only counted: it is the next process that would be told of a failure.
      grown: () => void budget?.added([{ digest, size: fill.bytes }]).catch(() => {}),
      ended(isKept) {
        fills.ended(digest, fill);
        if (!isKept) void budget?.removed([digest]).catch(() => {});
      },
    });
    return fill;
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

  async #fetchList(turn: LaneTurn, object: NeededObject): Promise<ChunkList> {
    const { objects, transfer } = this.#parts;
    try {
      await turn.come;
      return await this.#fromAny((source) => objects.large.chunkList(source, object, transfer));
    } finally {
      turn.end();
      this.#lists.delete(object.digest);
    }
  }

  /** One that cannot be had keeps no other from coming. */
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
    for (const { object, kin } of missed) {
      const base = await this.#firstStored(kin);
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

  #stored(found: FoundMissing['found'], isCollapsed: boolean): Granted {
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
