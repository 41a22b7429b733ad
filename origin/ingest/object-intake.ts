import type { Readable } from 'node:stream';
import { Batcher } from '../../shared/batcher.ts';
import type { Digest } from '../../shared/digest.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { ObjectStore, SmallObject } from '../../shared/store/object-store.ts';
import type { Catalog, StoredObject } from '../log/catalog.ts';
import { discard, keepLarge, type Received, receive, receivedDigest } from './receive.ts';

const MOST_PER_SYNC = 512;

interface Intake {
  readonly object: StoredObject;
  /** Null for one that is in the store already. */
  readonly small: SmallObject | null;
}

/**
 * Takes uploaded objects into the store and then into the catalog; uploads that arrive together share the
 * syncs of both.
 */
export class ObjectIntake {
  readonly #store: ObjectStore;
  readonly #batcher: Batcher<Intake, void>;

  constructor(store: ObjectStore, catalog: Catalog) {
    this.#store = store;
    this.#batcher = new Batcher(async (intakes) => {
      await store.putSmall(intakes.flatMap(({ small }) => small ?? []));
      await catalog.addObjects(intakes.map(({ object }) => object));
    }, MOST_PER_SYNC);
  }

  /** Receives an object for a site; durable when it resolves. `expected` is the digest it must have. */
  async take(site: number, body: Readable, expected?: Digest): Promise<StoredObject> {
    const received = await receive(body, this.#store);
    const digest = receivedDigest(received);
    if (expected !== undefined && digest !== expected) {
      await discard(received);
      throw new SkerryError('digest-mismatch', `the bytes have the digest ${digest}, not ${expected}`);
    }
    const intake = await this.#prepare(site, received);
    await this.#batcher.add(intake);
    return intake.object;
  }

  async #prepare(site: number, received: Received): Promise<Intake> {
    if (received.kind === 'small') {
      const { digest, bytes } = received;
      return { object: { site, digest, size: bytes.length, chunks: null }, small: { digest, bytes } };
    }
    try {
      const chunks = await keepLarge(received, this.#store);
      const { digest, size } = received.survey;
      return { object: { site, digest, size, chunks }, small: null };
    } catch (error) {
      await discard(received).catch(() => {});
      throw error;
    }
  }
}
