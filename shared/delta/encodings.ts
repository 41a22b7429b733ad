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
  /**
   * Old bytes that the receiver holds, with the digest that it announced for them. Null if there are none. Bytes with
   * another digest are not used.
   */
  readonly dictionary: { readonly bytes: Buffer; readonly digest: Digest } | null;
  /** The objects in the content. They are checked before encoding, because a disk may have damaged them. */
  readonly objects: readonly Part[];
  /** True if the content lacks objects that may arrive later. The encoding is then not cached. */
  readonly isPassing?: boolean;
}

/** Reads what is to be encoded, and leaves out the objects that were found damaged. */
export type Load = (damaged: ReadonlySet<Digest>) => Promise<Plain>;

export interface Asked {
  /** The member that asks. Members take turns. */
  readonly member: string;
  readonly key: EncodingKey;
  /** True if this member found the cached encoding wrong. The encoding is then made again. */
  readonly isAnew?: boolean;
}

export interface EncodingsOptions {
  readonly threads: number;
  /** The maximum bytes of memory that cached encodings take. */
  readonly bytes: number;
}

/**
 * The maximum number of waiting encodings. Further callers would wait for seconds, so they are refused and told to
 * retry.
 */
const MOST_WAITING = { perOwner: 64, inAll: 2048 };
/** An item larger than this fraction of the cache would evict most other items. */
const LARGEST_PART = 1 / 4;

/** An encoding in progress. All callers that ask for it before it ends share it. */
interface Flight {
  readonly encoded: Promise<Encoded>;
  /** Begins the encoding, unless another member's turn has already begun it. */
  begin(): Promise<void>;
  /** Records that one turn was refused. When all turns are refused, the encoding can never begin, so it fails. */
  refuse(error: unknown): void;
  readonly askedBy: Set<string>;
}

/**
 * Makes encodings in threads, each once for all callers that ask for it at the same time. Caches the results while
 * there is room.
 */
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
   * Encodes what `load` returns. `load` is called once for all callers that wait for the same key, and only when a
   * thread is free, so that few contents are in memory at a time. Throws `too-many-requests` when too many keys of the
   * member wait, `unavailable` after `close`, and whatever `load` throws. Errors are not cached.
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
    // Each member that asks takes a turn of its own, so no member waits behind the other requests of another member.
    if (!flight.askedBy.has(member)) {
      flight.askedBy.add(member);
      this.#turns.run(member, flight.begin).catch(flight.refuse);
    }
    return flight.encoded;
  }

  /** Caches bytes that were encoded elsewhere. */
  keep(key: EncodingKey, encoded: Encoded): void {
    this.#kept.set(key, { coding: encoded.coding, bytes: alone(encoded.bytes) });
  }

  /** Refuses the encodings that are waiting, and lets those that are running finish. */
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
          throw new SkerryError('internal', 'a damaged object was read again');
        for (const digest of made.damaged) damaged.add(digest);
        continue;
      }
      // A Buffer arrives from a thread as a plain Uint8Array.
      const { coding, bytes } = made;
      const encoded = { coding, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) };
      if (!isPassing && damaged.size === 0) this.keep(key, encoded);
      return encoded;
    }
  }
}

/**
 * Copies a slice into memory of its own. Otherwise it would keep its whole underlying buffer alive, and the cache would
 * not count that memory.
 */
function alone(bytes: Buffer): Buffer {
  if (bytes.buffer.byteLength === bytes.length) return bytes;
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
