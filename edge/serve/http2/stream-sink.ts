import type { Readable } from 'node:stream';
import type { Sent, Sink } from '../answering/sink.ts';
import { encodeFields } from '../hpack/encoder.ts';
import type { TextAnswer } from '../site/answer.ts';
import type { Stream } from './stream.ts';

/** Fields of a connection of HTTP/1.1, which HTTP/2 forbids (RFC 9113, 8.2.2). */
const OF_CONNECTION: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding']);
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 304]);

export interface StreamSinkParts {
  readonly now: () => number;
  /** The `date` of a response. */
  readonly date: () => string;
  /** Sends what the stream has. */
  readonly send: (stream: Stream) => void;
  /** Logs why a response failed. Returns the response to send instead if nothing has been sent yet. */
  readonly failed: (error: Error) => TextAnswer;
  /** Breaks off a response that has begun. */
  readonly breakOff: (stream: Stream) => void;
}

/** Sends a response on a stream of HTTP/2. */
export class StreamSink implements Sink {
  readonly #stream: Stream;
  readonly #parts: StreamSinkParts;
  #status = 0;
  #cache: string | undefined;

  constructor(stream: Stream, parts: StreamSinkParts) {
    this.#stream = stream;
    this.#parts = parts;
  }

  begin(status: number, headers: Readonly<Record<string, string>>): void {
    const own = Object.entries(headers).filter(([name]) => !OF_CONNECTION.has(name));
    const length = headers['content-length'];
    this.#status = status;
    this.#cache = headers['cache-status'];
    this.#stream.head = encodeFields([[':status', String(status)], ...own, ['date', this.#parts.date()]]);
    this.#stream.length = length === undefined ? undefined : Number(length);
  }

  bytes(body: Buffer | string | undefined): void {
    const stream = this.#stream;
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    stream.at = 0;
    stream.body = this.#hasBody && bytes !== undefined && bytes.length > 0 ? bytes : undefined;
    stream.isLast = true;
    this.#parts.send(stream);
  }

  stream(pieces: Readable): void {
    const stream = this.#stream;
    if (stream.isGone || !this.#hasBody) {
      pieces.destroy();
      if (!stream.isGone) this.bytes(undefined);
      return;
    }
    if (pieces.destroyed) {
      this.#fail(pieces.errored ?? new Error('a body was closed before it was sent'));
      return;
    }
    stream.source = pieces;
    pieces.on('error', (error) => this.#fail(error));
    pieces.on('readable', () => {
      if (stream.body === undefined) this.#next();
    });
    pieces.on('end', () => {
      if (stream.isLast || stream.isGone) return;
      if (stream.taken < (stream.length ?? 0)) {
        this.#fail(new Error('a body is shorter than announced'));
        return;
      }
      stream.isLast = true;
      this.#parts.send(stream);
    });
  }

  /** There is no limit, because the stream is sent in slices. */
  mostAtOnce(): number {
    return Number.POSITIVE_INFINITY;
  }

  closeAfter(): void {}

  get isGone(): boolean {
    return this.#stream.isGone;
  }

  whenGone(listener: () => void): void {
    this.#stream.whenGone(listener);
  }

  whenSent(listener: (sent: Sent) => void): void {
    const stream = this.#stream;
    stream.whenSent(() =>
      listener({
        status: this.#status,
        bytes: stream.sent,
        seconds: (this.#parts.now() - stream.since) / 1000,
        cache: this.#cache,
      }),
    );
  }

  get #hasBody(): boolean {
    return this.#stream.request.method !== 'HEAD' && !WITHOUT_BODY.has(this.#status);
  }

  #fail(error: Error) {
    const stream = this.#stream;
    if (stream.isGone || stream.isSent) return;
    const { status, headers, body } = this.#parts.failed(error);
    if (stream.head === undefined) return this.#parts.breakOff(stream);
    stream.source = undefined;
    this.begin(status, headers);
    this.bytes(body.text);
  }

  #next(): void {
    if (takeNext(this.#stream)) this.#parts.send(this.#stream);
  }
}

/** Takes the next bytes of a stream's source. Returns false if there are none yet. */
export function takeNext(stream: Stream): boolean {
  const { source, isGone } = stream;
  if (source === undefined || isGone) return false;
  const piece = source.read() as Buffer | null;
  if (piece === null) return false;
  stream.body = piece;
  stream.at = 0;
  // A known length saves an empty frame at the end.
  if (stream.length !== undefined && stream.taken >= stream.length) stream.isLast = true;
  return true;
}
