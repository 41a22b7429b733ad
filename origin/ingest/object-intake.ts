import type { Clock } from '../../shared/clock.ts';
import { Batcher } from '../../shared/concurrency/batcher.ts';
import type { Gate } from '../../shared/concurrency/gate.ts';
import type { Digest } from '../../shared/content/digest.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { ObjectStore, SmallObject } from '../../shared/store/object-store.ts';
import type { Uploaded } from '../../shared/wire/object-bundle.ts';
import { caller } from '../callers/caller.ts';
import type { ObjectCalls, StoredObject } from '../catalog/object-calls.ts';
import { BodyPlaces } from './body-places.ts';
import { discard, keepLarge, type Received, receive, receivedDigest } from './receive.ts';
import { SmallBatches } from './small-batches.ts';

const MOST_PER_SYNC = 512;
/** Open uploads of one site. Each takes a connection, and memory or a file, for as long as its sender wants. */
const MOST_OPEN = 1024;
interface Intake {
  readonly object: StoredObject;
  /** Null for an object that is in the store already. */
  readonly small: SmallObject | null;
  /** Whether a revision to come may name it. */
  readonly isOffered: boolean;
}

/**
 * Takes uploaded objects into the store and then into the catalog. Uploads that arrive together share the syncs of
 * both.
 */
export class ObjectIntake {
  readonly #store: ObjectStore;
  readonly #catalog: Pick<Remote<ObjectCalls>, 'addObjects'>;
  readonly #clock: Clock;
  /**
   * Blocks the sweep while an object is in the store but not yet in the catalog. Otherwise the store could lose an
   * object that the catalog has.
   */
  readonly #gate: Gate;
  readonly #arrived: (objects: readonly StoredObject[]) => void;
  readonly #batcher: Batcher<Intake, void>;
  /** The bytes of objects that their senders record in the catalog by themselves. */
  readonly #bytes: Batcher<SmallObject, void>;
  readonly #open = new Map<number, number>();
  /** Places for bundles. Each bundle holds two batches. */
  readonly #places = new BodyPlaces();

  /** `arrived` is called with durable objects that a revision to come may name. */
  constructor(
    store: ObjectStore,
    catalog: Pick<Remote<ObjectCalls>, 'addObjects'>,
    clock: Clock,
    gate: Gate,
    arrived: (objects: readonly StoredObject[]) => void = () => {},
  ) {
    this.#store = store;
    this.#arrived = arrived;
    this.#catalog = catalog;
    this.#clock = clock;
    this.#gate = gate;
    // The batch has its own turn in the catalog, so that no upload waits behind the calls of another upload in the
    // batch.
    this.#batcher = new Batcher(
      (intakes) => caller.run({ name: 'uploads' }, () => this.#keep(intakes)),
      MOST_PER_SYNC,
    );
    this.#bytes = new Batcher((objects) => this.#store.putSmall(objects), MOST_PER_SYNC);
  }

  /**
   * Receives an object for a site. It is durable when the promise resolves. `expected` is the digest that it must have.
   * Throws `too-many-requests`, with the body unread.
   */
  async take(site: number, body: AsyncIterable<unknown>, expected?: Digest): Promise<StoredObject> {
    return this.keep(site, await this.#receive(site, body), expected);
  }

  /** Like `take`, for a part of an object to come. Edges never need it. */
  async takePart(site: number, body: AsyncIterable<unknown>, expected?: Digest): Promise<StoredObject> {
    return this.#keepReceived(site, await this.#receive(site, body), expected, false);
  }

  /**
   * Like `take`, for a caller that records the object in the catalog itself, together with something else. `record`
   * runs when the bytes are durable, and must record the object even if it then fails. Edges may fetch the object ahead
   * of its revision only after `offer`.
   */
  async takeAnd<T>(
    site: number,
    body: AsyncIterable<unknown>,
    expected: Digest | undefined,
    record: (object: StoredObject) => Promise<T>,
  ): Promise<T> {
    const received = await this.#receive(site, body);
    await checkDigest(received, expected);
    return this.#gate.shared(async () => {
      const { object, small } = await this.#prepare(site, received);
      if (small !== null) await this.#bytes.add(small);
      return record(object);
    });
  }

  /** A revision to come may name this object, which is durable. */
  offer(object: StoredObject): void {
    this.#arrived([object]);
  }

  /** Takes over what was received for a site: stores it, or discards it if it has another digest. */
  async keep(site: number, received: Received, expected?: Digest): Promise<StoredObject> {
    return this.#keepReceived(site, received, expected, true);
  }

  async #keepReceived(
    site: number,
    received: Received,
    expected: Digest | undefined,
    isOffered: boolean,
  ): Promise<StoredObject> {
    await checkDigest(received, expected);
    return this.#gate.shared(async () => {
      const intake = { ...(await this.#prepare(site, received)), isOffered };
      await this.#batcher.add(intake);
      return intake.object;
    });
  }

  /**
   * Takes in the small objects of a bundle for a site. One batch is stored while the next arrives. All are durable when
   * the promise resolves. When the source fails, the batches that were stored stay: nothing refers to them, and a
   * repeated publish need not send them again. Throws `too-many-requests` when too many bundles of the site wait
   * unread.
   */
  async takeBundle(site: number, bundle: AsyncIterable<readonly Buffer[]>): Promise<Uploaded> {
    const leave = await this.#places.enter(site);
    try {
      return await this.#keepBundle(site, bundle);
    } finally {
      leave();
    }
  }

  /** Stores small objects of a site that its caller holds in memory. */
  smallBatches(site: number): SmallBatches {
    return new SmallBatches((objects) =>
      this.#gate.shared(() =>
        this.#keep(
          objects.map(({ digest, bytes }) => ({ ...smallIntake(site, digest, bytes), isOffered: true })),
        ),
      ),
    );
  }

  async #keepBundle(site: number, bundle: AsyncIterable<readonly Buffer[]>): Promise<Uploaded> {
    const taken = { objects: 0, bytes: 0 };
    const batches = this.smallBatches(site);
    try {
      for await (const objects of bundle) {
        for (const bytes of objects) {
          await batches.add(bytes);
          taken.objects++;
          taken.bytes += bytes.length;
        }
      }
      await batches.end();
    } finally {
      await batches.settle();
    }
    return taken;
  }

  async #receive(site: number, body: AsyncIterable<unknown>): Promise<Received> {
    const open = this.#open.get(site) ?? 0;
    if (open >= MOST_OPEN)
      throw new SkerryError('too-many-requests', `${MOST_OPEN} uploads for this site are open already`);
    this.#open.set(site, open + 1);
    try {
      return await receive(body, this.#store);
    } finally {
      const left = (this.#open.get(site) ?? 1) - 1;
      if (left === 0) this.#open.delete(site);
      else this.#open.set(site, left);
    }
  }

  async #keep(intakes: readonly Intake[]): Promise<void> {
    await this.#store.putSmall(intakes.flatMap(({ small }) => small ?? []));
    const objects = intakes.map(({ object }) => object);
    await this.#catalog.addObjects(objects, this.#clock.now());
    this.#arrived(intakes.flatMap(({ object, isOffered }) => (isOffered ? [object] : [])));
  }

  async #prepare(site: number, received: Received): Promise<Omit<Intake, 'isOffered'>> {
    if (received.kind === 'small') return smallIntake(site, received.digest, received.bytes);
    try {
      const chunks = await keepLarge(received, this.#store);
      const { digest, size } = received.hashed;
      return { object: { site, digest, size, chunks }, small: null };
    } catch (error) {
      await discard(received).catch(() => {});
      throw error;
    }
  }
}

function smallIntake(site: number, digest: Digest, bytes: Uint8Array): Omit<Intake, 'isOffered'> {
  return { object: { site, digest, size: bytes.length, chunks: null }, small: { digest, bytes } };
}

async function checkDigest(received: Received, expected: Digest | undefined): Promise<void> {
  const digest = receivedDigest(received);
  if (expected === undefined || digest === expected) return;
  await discard(received);
  throw new SkerryError('digest-mismatch', `the bytes have the digest ${digest}, not ${expected}`);
}
