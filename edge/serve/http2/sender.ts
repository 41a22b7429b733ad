import { LEAST_WRITTEN } from '../connection/large-writes.ts';
import { DEFAULT_WINDOW, widened } from './flow-window.ts';
import type { FrameWriter } from './frame-writer.ts';
import { MOST_FRAME_BYTES } from './frames.ts';
import type { Peer } from './peer.ts';
import type { PreparedFrames } from './prepared-frames.ts';
import { isBefore, type Priority } from './priority.ts';
import type { Stream } from './stream.ts';

/**
 * The largest slice of a reader who takes writes fast, while there is memory for it. Every connection may have
 * `LEAST_WRITTEN`.
 */
const MOST_SLICE = 256 * 1024;
/** A write that takes no longer shows a fast reader. */
const FAST_MS = 4;
const NOTHING = new Uint8Array(0);

export interface SenderParts {
  readonly writer: FrameWriter;
  /** Allows a larger slice. */
  readonly peer: Pick<Peer, 'allow'>;
  /** Called when a stream has sent all of its response. */
  sent(stream: Stream): void;
  /** Called when a stream needs the next bytes of its body. */
  needed(stream: Stream): void;
}

/**
 * Sends the bodies of a connection's streams by their priority, and in turns within a priority: a frame of each, as far
 * as the windows allow and the reader keeps up. One write is under way at a time, so a slow reader holds one slice of
 * memory.
 */
export class Sender {
  readonly #parts: SenderParts;
  readonly #queue: Stream[] = [];
  #window = DEFAULT_WINDOW;
  /** The window with which a stream begins. */
  #initialWindow = DEFAULT_WINDOW;
  #slice = LEAST_WRITTEN;

  constructor(parts: SenderParts) {
    this.#parts = parts;
  }

  get initialWindow(): number {
    return this.#initialWindow;
  }

  /** Whether so much waits for the reader that no further requests should be read. */
  get isFull(): boolean {
    return this.#parts.writer.waiting > 2 * this.#slice;
  }

  /** How many streams wait for their turn or for a window of the connection. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Sets the window with which streams begin. Each stream of `streams` changes with it (RFC 9113, 6.9.2). */
  setInitialWindow(size: number, streams: Iterable<Stream>): boolean {
    const more = size - this.#initialWindow;
    this.#initialWindow = size;
    for (const stream of streams) if (!this.widen(stream, more)) return false;
    return true;
  }

  /** Returns false if the window would be too large. */
  widenConnection(more: number): boolean {
    const window = widened(this.#window, more);
    if (window === undefined) return false;
    this.#window = window;
    return true;
  }

  /** The same for the window of a stream. */
  widen(stream: Stream, more: number): boolean {
    const window = widened(stream.window, more);
    if (window === undefined) return false;
    stream.window = window;
    this.enqueue(stream);
    return true;
  }

  /**
   * Sends a prepared response at once if nothing prevents that. Otherwise returns false, and nothing is sent: the
   * caller opens a stream for it.
   */
  sendAtOnce(id: number, frames: PreparedFrames): boolean {
    const { writer } = this.#parts;
    const { length } = frames.body;
    if (length > 0) {
      if (length > Math.min(MOST_FRAME_BYTES, this.#window, this.#initialWindow)) return false;
      if (this.#queue.length > 0) return false;
    }
    if (!this.#hasRoomFor(frames.mostBytes)) return false;
    this.#window -= length;
    writer.prepared(id, frames, true);
    return true;
  }

  /** Puts a stream in the queue if it can send something. */
  enqueue(stream: Stream): void {
    if (stream.isQueued || !stream.hasMore) return;
    const hasBytes = stream.body !== undefined && stream.head === undefined;
    if (hasBytes && stream.window <= 0) return;
    stream.isQueued = true;
    this.#putLast(stream);
  }

  /** Changes the priority of a stream, which may wait for its turn. */
  prioritise(stream: Stream, priority: Priority): void {
    const { isQueued } = stream;
    this.dequeue(stream);
    stream.priority = priority;
    if (isQueued) this.enqueue(stream);
  }

  /** Forgets a stream that has closed, because a client could close streams faster than they come into turn. */
  dequeue(stream: Stream): void {
    if (!stream.isQueued) return;
    stream.isQueued = false;
    this.#queue.splice(this.#queue.indexOf(stream), 1);
  }

  /** Sends a frame of each stream in turn until the slice is full, the windows are closed, or nothing is left. */
  pump(): void {
    const { writer } = this.#parts;
    while (true) {
      const room = this.#slice - writer.waiting;
      const stream = room > 0 ? this.#next() : undefined;
      if (stream === undefined) break;
      stream.isQueued = false;
      if (!stream.hasMore) continue;
      // Streams that can go on come into turn again behind others of their priority.
      if (this.#queue.length > 0) this.#takeTurn(stream, MOST_FRAME_BYTES, room);
      else this.#takeTurn(stream, Math.ceil(room / MOST_FRAME_BYTES) * MOST_FRAME_BYTES, 0);
      this.enqueue(stream);
    }
  }

  /** A write has ended. Only a whole slice tells how fast the reader is. */
  written(bytes: number, ms: number): void {
    if (bytes < this.#slice) return;
    const { peer } = this.#parts;
    if (ms <= FAST_MS) this.#slice = Math.min(MOST_SLICE, peer.allow(2 * this.#slice, MOST_SLICE));
    else this.#slice = Math.max(LEAST_WRITTEN, this.#slice >> 1);
  }

  /**
   * Sends the head of a response, if that is still to do, and up to `most` bytes of its body. `ofOthers` is what other
   * streams will probably add to the write.
   */
  #takeTurn(stream: Stream, most: number, ofOthers: number) {
    const { writer } = this.#parts;
    const { id, body, at, head } = stream;
    const left = body === undefined ? 0 : body.length - at;
    const length = Math.max(0, Math.min(left, most, stream.window, this.#window));
    const isEnd = stream.isLast && length === left;
    const isEmpty = isEnd && left === 0;
    if (head !== undefined) writer.headers(id, head, isEmpty);
    stream.head = undefined;
    if (length > 0 || (isEmpty && head === undefined)) {
      const more = Math.max(ofOthers, Math.min(this.#slice - writer.waiting, left - length));
      writer.data(id, body ?? NOTHING, at, at + length, isEnd, more);
    }
    if (length > 0) {
      this.#window -= length;
      stream.window -= length;
      stream.at += length;
      stream.sent += length;
      stream.exchange?.progressed();
    }
    if (isEnd) return this.#parts.sent(stream);
    if (length < left) return;
    stream.body = undefined;
    this.#parts.needed(stream);
  }

  /** Puts a stream behind those of its priority. */
  #putLast(stream: Stream): void {
    const queue = this.#queue;
    let at = queue.length;
    for (let last = queue[at - 1]; last !== undefined && isBefore(stream, last); last = queue[at - 1]) at--;
    if (at === queue.length) queue.push(stream);
    else queue.splice(at, 0, stream);
  }

  /** Takes the next stream. While the window of the connection is closed, streams that need it let others pass. */
  #next(): Stream | undefined {
    const queue = this.#queue;
    if (this.#window > 0) return queue.shift();
    const at = queue.findIndex(({ head, body }) => head !== undefined || body === undefined);
    return at < 0 ? undefined : queue.splice(at, 1)[0];
  }

  #hasRoomFor(bytes: number): boolean {
    const { writer, peer } = this.#parts;
    const all = writer.waiting + bytes;
    if (all <= this.#slice) return true;
    // A reader who has taken everything so far may get a larger slice.
    if (writer.isWriting || all > MOST_SLICE) return false;
    this.#slice = Math.max(this.#slice, Math.min(MOST_SLICE, peer.allow(all, MOST_SLICE)));
    return all <= this.#slice;
  }
}
