import {
  ConnectionError,
  ErrorCode,
  FRAME_HEAD_BYTES,
  MOST_FRAME_BYTES,
  PREFACE,
  uint31At,
} from './frames.ts';

export interface FrameTaker {
  /** The payload of the frame stands in `from` between `start` and `end`. It is only valid during the call. */
  take(type: number, flags: number, id: number, from: Buffer, start: number, end: number): void;
}

const NOTHING: Buffer = Buffer.alloc(0);

/** Cuts the bytes of a connection into frames. They begin with the preface. */
export class FrameReader {
  readonly #frames: FrameTaker;
  /** The beginning of a frame, or of the preface. */
  #rest: Buffer = NOTHING;
  #hasPreface = false;
  #hasStopped = false;

  constructor(frames: FrameTaker) {
    this.#frames = frames;
  }

  /** Whether a frame or the preface has begun and its end has not arrived. */
  get isIncomplete(): boolean {
    return !this.#hasPreface || this.#rest.length > 0;
  }

  /** Ignores everything from now on, even the frames of the current chunk. */
  stop(): void {
    this.#hasStopped = true;
    this.#rest = NOTHING;
  }

  /** Throws `ConnectionError` if the bytes cannot be frames. */
  read(chunk: Buffer): void {
    if (this.#hasStopped) return;
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = NOTHING;
    const end = this.#readFrom(bytes);
    // The bytes are copied, because a slice would keep the whole chunk in memory.
    if (end < bytes.length && !this.#hasStopped) this.#rest = Buffer.from(bytes.subarray(end));
  }

  /** Returns where the frames that are complete end. */
  #readFrom(bytes: Buffer): number {
    let at = 0;
    if (!this.#hasPreface) {
      const length = Math.min(bytes.length, PREFACE.length);
      if (bytes.compare(PREFACE, 0, length, 0, length) !== 0)
        throw new ConnectionError(ErrorCode.protocol, 'the connection does not begin with the preface');
      if (length < PREFACE.length) return 0;
      this.#hasPreface = true;
      at = length;
    }
    while (at + FRAME_HEAD_BYTES <= bytes.length) {
      const length = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
      if (length > MOST_FRAME_BYTES) throw new ConnectionError(ErrorCode.frameSize, 'a frame is too large');
      const start = at + FRAME_HEAD_BYTES;
      const end = start + length;
      if (end > bytes.length) break;
      this.#frames.take(bytes[at + 3] ?? 0, bytes[at + 4] ?? 0, uint31At(bytes, at + 5), bytes, start, end);
      at = end;
      if (this.#hasStopped) break;
    }
    return at;
  }
}
