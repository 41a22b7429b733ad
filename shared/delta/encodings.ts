import { FairTurns } from '../concurrency/fair-turns.ts';
import type { Digest } from '../content/digest.ts';
import { SkerryError } from '../errors.ts';
import { ByteCache } from '../process/byte-cache.ts';
import { moduleUrl } from '../process/module-url.ts';
import { startThreads, type Thread } from '../process/thread.ts';
import type { Coding } from './dcz.ts';
import type { Encoder, Part } from './encode.worker.ts';
import type { EncodingKey } from './encoding-key.ts';

export interface Encoded {
  readonly coding: Coding;
  readonly bytes: Buffer;
}

export interface Plain {
  readonly content: Buffer;
  /** Old bytes that the receiver holds and says the digest of, or null for none. What has another digest is not used. */
  readonly dictionary: { readonly bytes: Buffer; readonly digest: Digest } | null;
  /** The objects in the content, which are checked before they are encoded: a disk may have damaged them. */
  readonly objects: readonly Part[];
  /** Later the content will be another: something is absent that may come. It is not kept. */
  readonly isPassing?: boolean;
}

/** Reads what is to be encoded, without the objects that were found damaged. */
export type Load = (damaged: ReadonlySet<Digest>) => Promise<Plain>;

export interface Asked {
  /** Who asks: members take turns. */
  readonly member: string;
  readonly key: EncodingKey;
  /** What is kept was found wrong by this member, and is made anew. */
  readonly isAnew?: boolean;
}

export interface EncodingsOptions {
  readonly threads: number;
  /** What encoded bytes may take in memory. */
  readonly bytes: number;
}

/** Callers beyond these would wait for seconds; they are better told to come again. */
const MOST_WAITING = { perOwner: 64, inAll: 2048 };
/** One item above this part of the memory would push out most others. */
const LARGEST_PART = 1 / 4;

/** One encoding in the making, for all who ask for it meanwhile. */
interface Flight {
  readonly encoded: Promise<Encoded>;
  /** Encodes, unless somebody's turn has begun it before. */
  begin(): Promise<void>;
  /** One turn fewer will come; without any nobody would begin it. */
  refuse(error: unknown): void;
  readonly askedBy: Set<string>;
}

/** Encodes once what many ask for, in threads, and keeps the results while there is room. */
export class Encodings {
  readonly #thread: Thread<Encoder>;
  readonly #turns: FairTurns;
  readonly #kept: ByteCache<EncodingKey, Encoded>;
  readonly #flights = new Map<EncodingKey, Flight>();

  private constructor({ threads, bytes }: EncodingsOptions) {
    this.#thread = startThreads<Encoder>(moduleUrl('./encode.worker', import.meta.url), threads, undefined);
    this.#turns = new FairTurns({ ...MOST_WAITING, atOnce: threads });
    this.#kept = new ByteCache({ bytes, largest: bytes * LARGEST_PART, sizeOf: (item) => item.bytes.length });
  }

  static start(options: EncodingsOptions): Encodings {
    return new Encodings(options);
  }

  /**
   * What `load` gives, encoded; `load` is called once for all who ask for the key meanwhile, and not before a thread
   * is free, so that few contents are in memory at a time. Throws `too-many-requests` when too many keys of the member
   * wait, `unavailable` after `close`, and what `load` throws; none is remembered.
   */
  async encode({ member, key, isAnew = false }: Asked, load: Load): Promise<Encoded> {
    if (isAnew) this.#kept.delete(key);
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    let flight = this.#flights.get(key);
    if (flight === undefined) {
      flight = this.#flight(key, load);
      this.#flights.set(key, flight);
    }
    // A turn of each who asks: nobody waits behind what else another member wants.
    if (!flight.askedBy.has(member)) {
      flight.askedBy.add(member);
      this.#turns.run(member, flight.begin).catch(flight.refuse);
    }
    return flight.encoded;
  }

  /** Keeps bytes that were encoded elsewhere. */
  keep(key: EncodingKey, encoded: Encoded): void {
    this.#kept.set(key, { coding: encoded.coding, bytes: alone(encoded.bytes) });
  }

  /** Refuses those that wait and lets those that are being encoded finish. */
  async close(): Promise<void> {
    this.#turns.close();
    await this.#thread.close();
  }

  #flight(key: EncodingKey, load: Load): Flight {
    const { promise: encoded, resolve, reject } = Promise.withResolvers<Encoded>();
    const askedBy = new Set<string>();
    let refused = 0;
    let hasBegun = false;
    return {
      encoded,
      askedBy,
      begin: async () => {
        if (hasBegun) return;
        hasBegun = true;
        await this.#encode(key, load).then(resolve, reject);
        this.#flights.delete(key);
      },
      refuse: (error) => {
        refused++;
        if (hasBegun || refused < askedBy.size) return;
        this.#flights.delete(key);
        reject(error);
      },
    };
  }

  async #encode(key: EncodingKey, load: Load): Promise<Encoded> {
    const damaged = new Set<Digest>();
    for (;;) {
      const { content, dictionary, objects, isPassing = false } = await load(damaged);
      const made = await this.#thread.remote.encode(content, objects, dictionary);
      if ('damaged' in made) {
        if (made.damaged.every((digest) => damaged.has(digest)))
          throw new SkerryError('internal', 'what was found damaged was read again');
        for (const digest of made.damaged) damaged.add(digest);
        continue;
      }
      // What comes from a thread is a plain Uint8Array.
      const { coding, bytes } = made;
      const encoded = { coding, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) };
      if (!isPassing && damaged.size === 0) this.keep(key, encoded);
      return encoded;
    }
  }
}

/** The bytes in memory of their own: a slice would keep alive all that it is a slice of, uncounted. */
function alone(bytes: Buffer): Buffer {
  if (bytes.buffer.byteLength === bytes.length) return bytes;
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
