import type { Gate } from '../../../shared/concurrency/gate.ts';
import { KeyedLock } from '../../../shared/concurrency/keyed-lock.ts';
import { runAtMost } from '../../../shared/concurrency/run-at-most.ts';
import { type Digest, digestOf } from '../../../shared/content/digest.ts';
import { encodeNames } from '../../../shared/content/manifest/object-names.ts';
import { SMALL_OBJECT } from '../../../shared/content/small-object.ts';
import { isRawDictionary } from '../../../shared/delta/dcz.ts';
import { bundleKey, type EncodingKey } from '../../../shared/delta/encoding-key.ts';
import type { Encoded } from '../../../shared/delta/encodings.ts';
import { hasCode, SkerryError } from '../../../shared/errors.ts';
import { wholeBody } from '../../../shared/json/whole-body.ts';
import type { ObjectStore, SmallObject } from '../../../shared/store/object-store.ts';
import { storeWhole } from '../../../shared/store/store-whole.ts';
import type { NeededObject } from '../../store/catalog.ts';
import type { Dictionary, Transfer } from '../upstream/transfer.ts';
import { verifiedChunks } from './chunked-draft.ts';
import { type BundlePlan, countedOnce, heldBases, planFetch } from './fetch-plan.ts';
import { LargeObjects } from './large-objects.ts';
import type { ObjectSource } from './object-source.ts';
import { wholeObject } from './whole-object.ts';

const AT_ONCE = 3;
/** Up to this many bytes of small objects are collected and then stored with one sync. */
const SYNC_BYTES = 4 * 1024 * 1024;

/** Fetches missing objects into the store. An object that does not match its digest never enters the store. */
export class ObjectFetch {
  readonly #store: ObjectStore;
  /** Two sites may need the same object at the same time, but a draft can have only one writer. */
  readonly #drafts = new KeyedLock<Digest>();
  readonly #gate: Gate;
  readonly large: LargeObjects;

  /** `gate` keeps pruning from running while this class looks for missing objects. */
  constructor(store: ObjectStore, gate: Gate) {
    this.#store = store;
    this.#gate = gate;
    this.large = new LargeObjects(store, this.#drafts);
  }

  /** Those of the objects that the store lacks, or whose chunk list it lacks. */
  async lacking<T extends NeededObject>(objects: readonly T[]): Promise<T[]> {
    const asked = objects.flatMap(({ digest, chunks }) => (chunks === null ? [digest] : [digest, chunks]));
    const absent = new Set(await this.#missing(asked));
    return objects.filter(
      ({ digest, chunks }) => absent.has(digest) || (chunks !== null && absent.has(chunks)),
    );
  }

  #missing(digests: Iterable<Digest>): Promise<Digest[]> {
    return this.#gate.shared(() => this.#store.missing([...new Set(digests)]));
  }

  /**
   * Resolves when all objects and their chunk lists are stored durably. `bases` maps the digest of a needed object to a
   * similar object. `arrived` is called with the number of bytes that no longer need fetching.
   */
  async fetch(
    source: ObjectSource,
    needed: readonly NeededObject[],
    bases: ReadonlyMap<string, NeededObject>,
    arrived: (bytes: number) => void,
    transfer: Transfer,
  ): Promise<void> {
    const digests = new Set(needed.map(({ digest }) => digest));
    const listed = new Map(needed.flatMap((object) => (object.chunks ? [[object.chunks, object]] : [])));
    const asked = [...digests, ...listed.keys(), ...[...bases.values()].map(({ digest }) => digest)];
    const absent = new Set(await this.#missing(asked));
    const missing = new Set([...digests].filter((digest) => absent.has(digest)));
    arrived(needed.reduce((sum, { digest, size }) => (missing.has(digest) ? sum : sum + size), 0));
    // The chunk list of a missing object is fetched together with the object.
    const bareLists = [...listed].filter(([list, { digest }]) => absent.has(list) && !absent.has(digest));
    if (missing.size === 0 && bareLists.length === 0) return;
    const { bundles, large } = planFetch(needed, missing, heldBases(bases, absent));
    const bytesOf = countedOnce(needed);
    const jobs = [
      ...bundles.map((bundle) => async () => {
        await onceAnew(transfer, (transfer) => this.#fetchBundle(source, bundle, transfer));
        arrived(bundle.objects.reduce((sum, { digest }) => sum + bytesOf(digest), 0));
      }),
      ...large.map(({ object, base }) => async () => {
        await onceAnew(transfer, (transfer) =>
          this.#drafts.run(object.digest, () => this.#fetchLarge(source, object, base, transfer)),
        );
        arrived(bytesOf(object.digest));
      }),
      ...bareLists.map(([, object]) => async () => {
        await onceAnew(transfer, async (transfer) => {
          await this.large.chunkList(source, object, transfer);
        });
      }),
    ];
    await runAtMost(AT_ONCE, jobs);
  }

  async #fetchBundle(source: ObjectSource, plan: BundlePlan, transfer: Transfer): Promise<void> {
    const wanted = plan.objects.map(({ digest }) => digest);
    const dictionary = await this.#dictionary(plan.dictionary);
    const { upstream, self, keepEncoded } = source;
    const keep = keepEncoded && ((encoded: Encoded) => keepEncoded(keyOfBundle(wanted, dictionary), encoded));
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
      for await (const item of upstream.bundle(self, wanted, dictionary, transfer, keep)) {
        left.delete(item.digest);
        if (item.bytes.length > SMALL_OBJECT) {
          await this.#drafts.run(item.digest, () => storeWhole(this.#store, item.digest, item.bytes));
          continue;
        }
        small.push(item);
        held += item.bytes.length;
        if (held > SYNC_BYTES) await sync();
      }
    } finally {
      // The objects that have arrived and match are kept even if the rest is cut off.
      await sync();
    }
    for (const object of left.values()) await this.#fetchAlone(source, object, transfer);
  }

  /** Fetches a single object that a bundle should have contained, and checks it against its digest. */
  async #fetchAlone(
    { upstream, self }: ObjectSource,
    object: NeededObject,
    transfer: Transfer,
  ): Promise<void> {
    const { digest, size } = object;
    const body = await upstream.object(self, digest, undefined, transfer);
    const tooLong = `the object ${digest} is longer than the origin signed`;
    const bytes = await wholeBody(body, size, 'corrupt-object', tooLong);
    if (digestOf(bytes) !== digest)
      throw new SkerryError('corrupt-object', `the object ${digest} does not match its digest`);
    await this.#drafts.run(digest, () => storeWhole(this.#store, digest, bytes));
  }

  async #dictionary(objects: readonly NeededObject[]): Promise<Dictionary | undefined> {
    if (objects.length === 0) return undefined;
    const digests = objects.map(({ digest }) => digest);
    const pieces: Buffer[] = [];
    for (const digest of digests) pieces.push(await wholeObject(this.#store, digest));
    const bytes = Buffer.concat(pieces);
    return isRawDictionary(bytes) ? { digests, bytes } : undefined;
  }

  async #fetchLarge(
    source: ObjectSource,
    object: NeededObject,
    base: NeededObject | undefined,
    transfer: Transfer,
  ): Promise<void> {
    const { digest, size } = object;
    if ((await this.#store.missing([digest])).length === 0) return;
    const list = await this.large.chunkList(source, object, transfer);
    const draft = await this.#store.draft(digest);
    try {
      const first = await verifiedChunks(draft, list);
      const all = { first, end: list.chunks.length };
      for await (const bytes of this.large.chunks(source, list, all, base, transfer))
        await draft.append(bytes);
      if (draft.size < size) throw new SkerryError('corrupt-object', `the object ${digest} is cut off`);
    } catch (error) {
      await draft.suspend();
      throw error;
    }
    await draft.keep(digest);
  }
}

/** The key under which the upstream caches the same bundle. */
function keyOfBundle(wanted: readonly Digest[], dictionary: Dictionary | undefined): EncodingKey {
  return bundleKey(
    encodeNames(wanted),
    dictionary && { names: encodeNames(dictionary.digests), digest: digestOf(dictionary.bytes) },
  );
}

/**
 * If the first answer is wrong, repeats the fetch and asks for a new encoding, because the sender may have cached a
 * wrong encoding.
 */
async function onceAnew(transfer: Transfer, fetch: (transfer: Transfer) => Promise<void>): Promise<void> {
  try {
    await fetch(transfer);
  } catch (error) {
    if (!hasCode(error, 'corrupt-object') && !hasCode(error, 'upstream-protocol')) throw error;
    await fetch({ ...transfer, isAnew: true });
  }
}
