import { ByteCache } from '../byte-cache.ts';
import { SkerryError } from '../errors.ts';
import { moduleUrl } from '../module-url.ts';
import { startThreads, type Thread } from '../thread.ts';
import type { Coding } from './dcz.ts';
import type { Encoder } from './encode.worker.ts';

export interface Encoded {
  readonly coding: Coding;
  readonly bytes: Buffer;
}

export interface Plain {
  readonly content: Buffer;
  /** Old bytes that the receiver holds, or null for none. */
  readonly dictionary: Buffer | null;
}

export interface EncodingsOptions {
  readonly threads: number;
  /** What encoded bytes may take in memory. */
  readonly bytes: number;
}

/** Callers beyond these would wait for seconds; they are better told to come again. */
const MOST_WAITING = 64;
/** One item above this part of the memory would push out most others. */
const LARGEST_PART = 1 / 4;

/** Encodes once what many ask for, in threads, and keeps the results while there is room. */
export class Encodings {
  readonly #thread: Thread<Encoder>;
  readonly #threads: number;
  readonly #kept: ByteCache<string, Encoded>;
  readonly #flights = new Map<string, Promise<Encoded>>();
  readonly #waiting: { begin: () => void; refuse: (error: SkerryError) => void }[] = [];
  #running = 0;
  #isClosed = false;

  private constructor({ threads, bytes }: EncodingsOptions) {
    this.#thread = startThreads<Encoder>(moduleUrl('./encode.worker', import.meta.url), threads, undefined);
    this.#threads = threads;
    this.#kept = new ByteCache({ bytes, largest: bytes * LARGEST_PART, sizeOf: (item) => item.bytes.length });
  }

  static start(options: EncodingsOptions): Encodings {
    return new Encodings(options);
  }

  /**
   * What `load` gives, encoded; `load` is called once for all who ask for `key` meanwhile, and not before a thread
   * is free, so that few contents are in memory at a time. Throws `unavailable` when too many keys wait or after
   * `close`, and what `load` throws; neither is remembered.
   */
  async encode(key: string, load: () => Promise<Plain>): Promise<Encoded> {
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    let flight = this.#flights.get(key);
    if (flight === undefined) {
      flight = this.#encode(key, load).finally(() => this.#flights.delete(key));
      this.#flights.set(key, flight);
    }
    return flight;
  }

  /** Keeps bytes that were encoded elsewhere. */
  keep(key: string, encoded: Encoded): void {
    this.#kept.set(key, { coding: encoded.coding, bytes: alone(encoded.bytes) });
  }

  /** Refuses those that wait and lets those that are being encoded finish. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { refuse } of this.#waiting.splice(0)) refuse(closed());
    await this.#thread.close();
  }

  async #encode(key: string, load: () => Promise<Plain>): Promise<Encoded> {
    await this.#turn();
    try {
      const { content, dictionary } = await load();
      const { coding, bytes } = await this.#thread.remote.encode(content, dictionary);
      // What comes from a thread is a plain Uint8Array.
      const encoded = { coding, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) };
      this.keep(key, encoded);
      return encoded;
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next.begin();
    }
  }

  async #turn(): Promise<void> {
    if (this.#isClosed) throw closed();
    if (this.#running < this.#threads) {
      this.#running++;
      return;
    }
    if (this.#waiting.length >= MOST_WAITING) {
      throw new SkerryError('unavailable', `${MOST_WAITING} deltas wait to be encoded already`);
    }
    const { promise, resolve: begin, reject: refuse } = Promise.withResolvers<void>();
    this.#waiting.push({ begin, refuse });
    await promise;
  }
}

function closed(): SkerryError {
  return new SkerryError('unavailable', 'this process is about to end');
}

/** The bytes in memory of their own: a slice would keep alive all that it is a slice of, uncounted. */
function alone(bytes: Buffer): Buffer {
  if (bytes.buffer.byteLength === bytes.length) return bytes;
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
