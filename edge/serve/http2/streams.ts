import type { Stream } from './stream.ts';
import type { StreamState } from './stream-state.ts';

/** How many of the streams that were reset last are remembered. */
const MOST_RESET = 256;

/** The streams of a connection by their numbers. */
export class Streams {
  /** Undefined while no stream is open, because an idle connection should take little memory. */
  #open: Map<number, Stream> | undefined;
  /** Streams that this server has reset, the earliest first. */
  #reset: Set<number> | undefined;
  /** The highest number of a stream that the client has opened. */
  #last = 0;
  /** The last numbers that the client has left out: from the first to below the second. */
  #skippedFrom = 0;
  #skippedTo = 0;

  get last(): number {
    return this.#last;
  }

  get size(): number {
    return this.#open?.size ?? 0;
  }

  get(id: number): Stream | undefined {
    return this.#open?.get(id);
  }

  all(): Iterable<Stream> {
    return this.#open?.values() ?? [];
  }

  stateOf(id: number): StreamState {
    const stream = this.get(id);
    if (stream !== undefined) return stream.state;
    // Streams with even numbers would be the server's, which opens none.
    if (id > this.#last || (id & 1) === 0) return 'idle';
    if (this.#reset?.has(id)) return 'reset';
    return id >= this.#skippedFrom && id < this.#skippedTo ? 'skipped' : 'closed';
  }

  /** The client opens a stream. All lower numbers that were not used are skipped. */
  opened(id: number): void {
    if (id > this.#last + 2) {
      this.#skippedFrom = this.#last + 1;
      this.#skippedTo = id;
    }
    this.#last = id;
  }

  add(stream: Stream): void {
    this.#open ??= new Map();
    this.#open.set(stream.id, stream);
  }

  remove(id: number): void {
    if (this.#open?.delete(id) && this.#open.size === 0) this.#open = undefined;
  }

  noteReset(id: number): void {
    this.#reset ??= new Set();
    this.#reset.add(id);
    if (this.#reset.size <= MOST_RESET) return;
    const [earliest = 0] = this.#reset;
    this.#reset.delete(earliest);
  }
}
