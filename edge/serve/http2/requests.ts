import type { Sink } from '../answering/sink.ts';
import type { TextAnswer } from '../site/answer.ts';
import type { Abuse } from './abuse.ts';
import type { FrameWriter } from './frame-writer.ts';
import { ErrorCode, StreamError } from './frames.ts';
import type { Head } from './header-blocks.ts';
import type { PreparedFrames } from './prepared-frames.ts';
import type { Priority } from './priority.ts';
import type { Sender } from './sender.ts';
import { Stream } from './stream.ts';
import type { StreamRequest } from './stream-request.ts';
import { StreamSink } from './stream-sink.ts';
import type { Streams } from './streams.ts';

export const MOST_STREAMS = 128;
/** The end of a request with a body is awaited up to this size. Nobody reads the body. */
const MOST_BODY_BYTES = 16 * 1024;

/** A prepared response to a plain GET. */
export interface Ready {
  readonly frames: PreparedFrames;
  /** Counts the response and logs it. */
  readonly given: () => void;
}

/** Ends streams before their responses are complete. */
export interface StreamEnder {
  reset(stream: Stream, code: ErrorCode): void;
}

/** Answers the requests of a connection. */
export interface Answers {
  /** Undefined if the request must be answered in full. */
  ready(request: StreamRequest): Ready | undefined;
  /**
   * Begins the exchange of a stream. `requests` ends it if its reader takes nothing. Returns false if there are too
   * many.
   */
  begin(stream: Stream, requests: StreamEnder): boolean;
  answer(stream: Stream, sink: Sink, requests: StreamEnder): void;
  /** Logs why a response failed, and returns the response to send instead. */
  failed(error: unknown, target: string): TextAnswer;
  /** The `date` of a response. */
  date(): string;
}

export interface RequestsParts {
  readonly streams: Streams;
  readonly writer: FrameWriter;
  readonly sender: Sender;
  readonly abuse: Abuse;
  readonly answers: Answers;
  /** The time in milliseconds. */
  now(): number;
  /** Called when there is something to send, or when a stream was closed. */
  changed(): void;
}

/** Stands for a head that was too large to be kept. */
const TOO_LARGE: StreamRequest = {
  ...{ method: 'GET', target: '', contentLength: undefined, expects: false },
  ...{ plain: undefined, forwarded: {}, priority: undefined, fields: [] },
};

/** The requests of a connection, from their heads to the ends of their responses. */
export class Requests implements StreamEnder {
  readonly #parts: RequestsParts;

  constructor(parts: RequestsParts) {
    this.#parts = parts;
  }

  /** A request begins. `isEnd` is true if it has no body. Throws `StreamError` if it is not answered. */
  open(id: number, head: Head, isEnd: boolean, priority?: Priority) {
    const { streams, sender, abuse, answers } = this.#parts;
    if (head.kind === 'malformed') throw new StreamError(id, ErrorCode.protocol, 'a malformed request');
    if (streams.size >= MOST_STREAMS)
      throw new StreamError(id, ErrorCode.refusedStream, 'more streams than allowed');
    const request = head.kind === 'request' ? head.request : TOO_LARGE;
    if (isEnd && (request.contentLength ?? 0) > 0)
      throw new StreamError(id, ErrorCode.protocol, 'a body is missing');
    const ready = isEnd && request.plain !== undefined ? answers.ready(request) : undefined;
    if (ready !== undefined && sender.sendAtOnce(id, ready.frames)) {
      abuse.noteResponse();
      return ready.given();
    }
    const state = isEnd ? 'half-closed' : 'open';
    const stream = new Stream(id, request, state, sender.initialWindow, this.#parts.now());
    // An update is newer than the field of the request (RFC 9218, 7).
    if (priority !== undefined) stream.priority = priority;
    if (!answers.begin(stream, this)) {
      abuse.noteIdleFrame();
      return this.#putReset(id, ErrorCode.refusedStream);
    }
    streams.add(stream);
    if (head.kind === 'too-large') this.#refuse(stream);
    else if (ready !== undefined) this.#give(stream, ready);
    else if (isEnd || request.expects) this.#ask(stream);
  }

  /** A part of the body has arrived. */
  received(stream: Stream, bytes: number): void {
    stream.received += bytes;
    const { contentLength } = stream.request;
    if (contentLength !== undefined && stream.received > contentLength)
      throw new StreamError(stream.id, ErrorCode.protocol, 'a body is longer than announced');
    if (stream.received > MOST_BODY_BYTES && !stream.isAsked) this.#ask(stream);
  }

  /** The request is complete. */
  ended(stream: Stream): void {
    const { contentLength } = stream.request;
    if (contentLength !== undefined && stream.received !== contentLength)
      throw new StreamError(stream.id, ErrorCode.protocol, 'a body is shorter than announced');
    if (!stream.isAsked) this.#ask(stream);
  }

  /** The response is completely sent. */
  sent(stream: Stream): void {
    this.#parts.abuse.noteResponse();
    stream.noteSent();
    // Nobody needs the rest of the request (RFC 9113, 8.1).
    if (stream.state !== 'half-closed') this.#putReset(stream.id, ErrorCode.none);
    this.close(stream);
  }

  /** Ends a stream early. */
  reset(stream: Stream, code: ErrorCode): void {
    if (stream.isGone) return;
    this.#putReset(stream.id, code);
    this.close(stream);
  }

  /** Ends a stream that may be closed already, because of an error of the client. */
  refuse({ id, code }: StreamError): void {
    const stream = this.#parts.streams.get(id);
    if (stream === undefined) this.#putReset(id, code);
    else this.reset(stream, code);
  }

  close(stream: Stream): void {
    const { streams, sender } = this.#parts;
    streams.remove(stream.id);
    sender.dequeue(stream);
    stream.close();
    this.#parts.changed();
  }

  closeAll(): void {
    for (const stream of [...this.#parts.streams.all()]) this.close(stream);
  }

  /** Ends the streams whose requests have not arrived completely since `before`. */
  endUnfinished(before: number): void {
    for (const stream of [...this.#parts.streams.all()])
      if (!stream.isAsked && stream.since < before) this.reset(stream, ErrorCode.cancel);
  }

  #ask(stream: Stream): void {
    stream.isAsked = true;
    this.#parts.answers.answer(stream, this.#sinkOf(stream), this);
  }

  /** Sends a prepared response as the windows and the reader allow. */
  #give(stream: Stream, { frames, given }: Ready) {
    const { body } = frames;
    stream.isAsked = true;
    stream.whenSent(given);
    this.#parts.writer.prepared(stream.id, frames, false);
    if (body.length === 0) return this.sent(stream);
    stream.body = body;
    stream.isLast = true;
    this.#parts.sender.enqueue(stream);
  }

  /** Answers a head that is too large. Before it was decoded, its size was not known. */
  #refuse(stream: Stream): void {
    this.#parts.abuse.noteReset();
    stream.isAsked = true;
    const sink = this.#sinkOf(stream);
    sink.begin(431, { 'content-length': '0' });
    sink.bytes(undefined);
  }

  #sinkOf(stream: Stream): StreamSink {
    const { answers, sender } = this.#parts;
    return new StreamSink(stream, {
      now: () => this.#parts.now(),
      date: () => answers.date(),
      send: () => {
        sender.enqueue(stream);
        this.#parts.changed();
      },
      failed: (error) => answers.failed(error, stream.request.target),
      breakOff: () => this.reset(stream, ErrorCode.internal),
    });
  }

  #putReset(id: number, code: ErrorCode): void {
    const { streams, writer } = this.#parts;
    streams.noteReset(id);
    writer.resetStream(id, code);
    this.#parts.changed();
  }
}
