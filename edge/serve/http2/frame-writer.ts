import { NO_TABLE } from '../hpack/encoder.ts';
import {
  type ErrorCode,
  Flag,
  FRAME_HEAD_BYTES,
  type FrameHead,
  FrameType,
  MOST_FRAME_BYTES,
  putFrameHead,
  putStreamId,
  putUint32,
} from './frames.ts';
import { LARGEST_BUFFER, type OutBuffer, type OutBuffers } from './out-buffers.ts';
import type { PreparedFrames } from './prepared-frames.ts';

/** The part of a socket that a writer needs. */
export interface FrameSocket {
  readonly destroyed: boolean;
  readonly writableEnded: boolean;
  write(bytes: Buffer, done: () => void): unknown;
}

/** Called when a write has ended, with its size and, if it is known, the time of its beginning. */
type Written = (bytes: number, since: number | undefined) => void;

/** Puts the frames of a connection together, so that many of them go out in one write. */
export class FrameWriter {
  readonly #socket: FrameSocket;
  readonly #buffers: OutBuffers;
  readonly #written: Written;
  #out: OutBuffer | undefined;
  /** The bytes of writes that have not ended. */
  #bytesInFlight = 0;
  /** The size of the last write. The next one is probably similar. */
  #expected = 0;
  /**
   * The client's dynamic table: empty, filled with the common fields, or not used, of which the next header block tells
   * the client first.
   */
  #table: 'empty' | 'filled' | 'to-refuse' | 'refused' = 'empty';

  constructor(socket: FrameSocket, buffers: OutBuffers, written: Written) {
    this.#socket = socket;
    this.#buffers = buffers;
    this.#written = written;
  }

  /** The bytes that the operating system has not taken yet. */
  get waiting(): number {
    return this.#bytesInFlight + (this.#out?.used ?? 0);
  }

  get isWriting(): boolean {
    return this.#bytesInFlight > 0;
  }

  /** Puts HEADERS, and CONTINUATION if the block is longer than a frame. */
  headers(id: number, fields: Buffer, isEnd: boolean): void {
    const mustTell = this.#table === 'to-refuse';
    const block = mustTell ? Buffer.concat([Buffer.of(NO_TABLE), fields]) : fields;
    if (mustTell) this.#table = 'refused';
    for (let at = 0; at < block.length; at += MOST_FRAME_BYTES) {
      const part = block.subarray(at, at + MOST_FRAME_BYTES);
      const isFirst = at === 0;
      const isLast = at + part.length === block.length;
      const flags = (isLast ? Flag.endHeaders : 0) | (isFirst && isEnd ? Flag.endStream : 0);
      const type = isFirst ? FrameType.headers : FrameType.continuation;
      this.#frame({ type, flags, id }, part);
    }
  }

  /** From now on, header blocks use no dynamic table, because the client wants less than the usual size. */
  refuseTable(): void {
    this.#table = 'to-refuse';
  }

  /** Puts HEADERS of a prepared response, and DATA if `hasData`. */
  prepared(id: number, frames: PreparedFrames, hasData: boolean) {
    const block = this.#blockAboutTable(frames);
    if (block !== undefined) return this.#preparedWith(block, id, frames.body, hasData);
    const { bytes, dataAt } = this.#table === 'filled' ? frames.withTable : frames.withoutTable;
    const end = hasData || dataAt === 0 ? bytes.length : dataAt;
    const out = this.#room(end);
    const { used } = out;
    if (end === bytes.length) out.bytes.set(bytes, used);
    else bytes.copy(out.bytes, used, 0, end);
    putStreamId(out.bytes, used, id);
    if (dataAt !== 0 && dataAt < end) putStreamId(out.bytes, used + dataAt, id);
    out.used = used + end;
  }

  /** The header block of a response that tells the client something about its table. Most responses do not. */
  #blockAboutTable(frames: PreparedFrames): Buffer | undefined {
    if (this.#table === 'to-refuse') return frames.blockWithoutTable();
    if (this.#table !== 'empty') return undefined;
    const filling = frames.blockThatFills();
    if (filling !== undefined) this.#table = 'filled';
    return filling;
  }

  #preparedWith(block: Buffer, id: number, body: Uint8Array, hasData: boolean): void {
    this.headers(id, block, body.length === 0);
    if (hasData && body.length > 0) this.data(id, body, 0, body.length, true);
  }

  /** Puts bytes of a body into DATA frames, at least one. `more` is what will probably follow. */
  data(id: number, body: Uint8Array, start: number, end: number, isEnd: boolean, more = 0): void {
    let at = start;
    do {
      const to = Math.min(end, at + MOST_FRAME_BYTES);
      const bytes = FRAME_HEAD_BYTES + to - at;
      const out = this.#room(bytes, bytes + end - to + more);
      const { used } = out;
      const flags = isEnd && to === end ? Flag.endStream : 0;
      putFrameHead(out.bytes, used, to - at, { type: FrameType.data, flags, id });
      out.bytes.set(body.subarray(at, to), used + FRAME_HEAD_BYTES);
      out.used = used + bytes;
      at = to;
    } while (at < end);
  }

  resetStream(id: number, code: ErrorCode): void {
    this.#frame({ type: FrameType.resetStream, flags: 0, id }, uint32s(code));
  }

  windowUpdate(id: number, more: number): void {
    this.#frame({ type: FrameType.windowUpdate, flags: 0, id }, uint32s(more));
  }

  settings(settings: readonly (readonly [setting: number, value: number])[]): void {
    const payload = Buffer.alloc(6 * settings.length);
    settings.forEach(([setting, value], i) => {
      payload.writeUInt16BE(setting, 6 * i);
      payload.writeUInt32BE(value, 6 * i + 2);
    });
    this.#frame({ type: FrameType.settings, flags: 0, id: 0 }, payload);
  }

  settingsAck(): void {
    this.#frame({ type: FrameType.settings, flags: Flag.ack, id: 0 }, uint32s());
  }

  pingAck(payload: Uint8Array): void {
    this.#frame({ type: FrameType.ping, flags: Flag.ack, id: 0 }, payload);
  }

  goAway(lastId: number, code: ErrorCode, reason = ''): void {
    const payload = Buffer.concat([uint32s(lastId, code), Buffer.from(reason)]);
    this.#frame({ type: FrameType.goAway, flags: 0, id: 0 }, payload);
  }

  /** Writes what was put together, and returns its size. `now` is the time, if it is known. */
  flush(now?: number): number {
    const out = this.#out;
    if (out === undefined || out.used === 0) return 0;
    this.#out = undefined;
    if (this.#socket.destroyed || this.#socket.writableEnded) {
      this.#buffers.giveBack(out);
      return 0;
    }
    const { bytes, used } = out;
    this.#expected = used;
    this.#bytesInFlight += used;
    this.#socket.write(bytes.subarray(0, used), () => this.#onWritten(out, now));
    return used;
  }

  /** Releases the buffers when the socket has closed. */
  close(): void {
    if (this.#out !== undefined) this.#buffers.giveBack(this.#out);
    this.#out = undefined;
    this.#bytesInFlight = 0;
  }

  #onWritten(out: OutBuffer, since: number | undefined): void {
    // The buffers of broken writes are not used again, because the socket may still refer to them.
    if (this.#bytesInFlight === 0) return;
    const { used } = out;
    this.#bytesInFlight -= used;
    this.#buffers.giveBack(out);
    this.#written(used, since);
  }

  #frame(head: FrameHead, payload: Uint8Array): void {
    const out = this.#room(FRAME_HEAD_BYTES + payload.length);
    putFrameHead(out.bytes, out.used, payload.length, head);
    out.bytes.set(payload, out.used + FRAME_HEAD_BYTES);
    out.used += FRAME_HEAD_BYTES + payload.length;
  }

  /** A buffer with room for `bytes`, and for `wanted` if that is possible. */
  #room(bytes: number, wanted = bytes): OutBuffer {
    const out = this.#out;
    if (out === undefined) return this.#begin(Math.max(wanted, this.#expected));
    if (out.used + bytes <= out.bytes.length) return out;
    const grown = Math.min(LARGEST_BUFFER, Math.max(out.used + wanted, 2 * out.used));
    if (out.used + bytes > grown) {
      this.flush();
      return this.#begin(wanted);
    }
    const larger = this.#begin(grown);
    out.bytes.copy(larger.bytes, 0, 0, out.used);
    larger.used = out.used;
    this.#buffers.giveBack(out);
    return larger;
  }

  #begin(bytes: number): OutBuffer {
    this.#out = this.#buffers.take(Math.min(LARGEST_BUFFER, bytes));
    return this.#out;
  }
}

function uint32s(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => {
    putUint32(bytes, 4 * i, value);
  });
  return bytes;
}
