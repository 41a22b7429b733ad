import type { Abuse } from './abuse.ts';
import { clientSettings } from './client-settings.ts';
import { type ConnectionState, stateAfter } from './connection-state.ts';
import { received } from './flow-window.ts';
import type { FrameTaker } from './frame-reader.ts';
import { checkFrame, contentOf } from './frame-rules.ts';
import type { FrameWriter } from './frame-writer.ts';
import { ConnectionError, ErrorCode, Flag, FrameType, StreamError, uint31At } from './frames.ts';
import { HeaderBlocks } from './header-blocks.ts';
import { EarlyPriorities, priorityUpdate } from './priority-updates.ts';
import type { Requests } from './requests.ts';
import type { Sender } from './sender.ts';
import { areTrailers } from './stream-request.ts';
import { type StreamEvent, type StreamState, transition } from './stream-state.ts';
import type { Streams } from './streams.ts';

/** A smaller update of a window is useless to a client, and an attack if it comes often. */
const LEAST_UPDATE = 256;

export interface ClientFramesParts {
  readonly streams: Streams;
  readonly requests: Requests;
  readonly writer: FrameWriter;
  readonly sender: Sender;
  readonly abuse: Abuse;
  /** Called before each request. Returns false if it comes too late to be answered. */
  mayOpen(): boolean;
}

/** Does what the frames of the client ask for. Throws `ConnectionError` if the connection must end. */
export class ClientFrames implements FrameTaker {
  readonly #parts: ClientFramesParts;
  readonly #blocks = new HeaderBlocks();
  #priorities: EarlyPriorities | undefined;
  #state: ConnectionState = 'begun';
  #hasSettings = false;
  /** The bytes of DATA that were not given back to the client. */
  #held = 0;

  constructor(parts: ClientFramesParts) {
    this.#parts = parts;
  }

  /** Whether a header block has begun and its end has not arrived. */
  get isInBlock(): boolean {
    return this.#state === 'block';
  }

  /** Frees what an idle connection can do without. */
  rest(): void {
    this.#blocks.rest();
  }

  take(type: number, flags: number, id: number, from: Buffer, start: number, end: number): void {
    const state = stateAfter(this.#state, type, flags);
    if (state === undefined || (this.#state === 'block' && id !== this.#blocks.id))
      throw new ConnectionError(ErrorCode.protocol, 'a frame that may not come now');
    this.#state = state;
    try {
      checkFrame(type, flags, id, end - start);
      this.#dispatch(type, flags, id, from, start, end);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      // A stream that was never opened cannot be reset.
      if (this.#parts.streams.stateOf(error.id) === 'idle')
        throw new ConnectionError(error.code, error.message);
      this.#parts.abuse.noteReset();
      this.#parts.requests.refuse(error);
    }
  }

  #dispatch(type: number, flags: number, id: number, from: Buffer, start: number, end: number) {
    const { writer, abuse } = this.#parts;
    switch (type) {
      case FrameType.headers:
        return this.#onHeaders(flags, id, from, start, end);
      case FrameType.continuation:
        return this.#onContinuation(flags, from.subarray(start, end));
      case FrameType.data:
        return this.#onData(flags, id, from, start, end);
      case FrameType.windowUpdate:
        return this.#onWindowUpdate(id, uint31At(from, start));
      case FrameType.settings:
        return this.#onSettings(flags, from, start, end);
      case FrameType.resetStream:
        return this.#onResetStream(id);
      case FrameType.ping:
        abuse.noteIdleFrame();
        if ((flags & Flag.ack) === 0) writer.pingAck(from.subarray(start, end));
        return;
      case FrameType.priorityUpdate:
        abuse.noteIdleFrame();
        return this.#onPriorityUpdate(from, start, end);
      default:
        // PRIORITY, GOAWAY and unknown frames need no response.
        abuse.noteIdleFrame();
    }
  }

  #onHeaders(flags: number, id: number, from: Buffer, frameStart: number, frameEnd: number): void {
    const { start, end } = contentOf(FrameType.headers, flags, from, frameStart, frameEnd);
    if ((flags & Flag.endHeaders) === 0) this.#blocks.begin(id, flags, from.subarray(start, end));
    else this.#onBlock(flags, id, from, start, end);
  }

  #onContinuation(flags: number, fragment: Buffer): void {
    if (fragment.length === 0) this.#parts.abuse.noteIdleFrame();
    const block = this.#blocks.add(fragment, (flags & Flag.endHeaders) !== 0);
    if (block !== undefined) this.#onBlock(block.flags, block.id, block.bytes, 0, block.bytes.length);
  }

  #onBlock(flags: number, id: number, from: Buffer, start: number, end: number) {
    const { streams, requests, abuse } = this.#parts;
    const isEnd = (flags & Flag.endStream) !== 0;
    if ((id & 1) === 0) throw new ConnectionError(ErrorCode.protocol, 'a stream with an even number');
    const before = streams.stateOf(id);
    if (before === 'idle') {
      const head = this.#blocks.head(from, start, end);
      if (!this.#parts.mayOpen()) return abuse.noteIdleFrame();
      streams.opened(id);
      return requests.open(id, head, isEnd, this.#priorities?.take(id));
    }
    // The block is decoded in any case, because it may change the table.
    const fields = this.#blocks.fields(from, start, end);
    this.#move(id, before, isEnd ? 'headers-end' : 'headers');
    const stream = streams.get(id);
    if (stream === undefined) return abuse.noteIdleFrame();
    if (!areTrailers(fields)) throw new StreamError(id, ErrorCode.protocol, 'malformed trailers');
    requests.ended(stream);
  }

  #onData(flags: number, id: number, from: Buffer, frameStart: number, frameEnd: number) {
    const { streams, requests, writer, abuse } = this.#parts;
    const { start, end } = contentOf(FrameType.data, flags, from, frameStart, frameEnd);
    const isEnd = (flags & Flag.endStream) !== 0;
    if (start === end && !isEnd) abuse.noteIdleFrame();
    // Padding counts, and so does what comes for streams that are closed.
    const now = received(this.#held, frameEnd - frameStart);
    if (now === undefined)
      throw new ConnectionError(ErrorCode.flowControl, 'more data than the window allows');
    this.#held = now.held;
    if (now.update > 0) writer.windowUpdate(0, now.update);
    this.#move(id, streams.stateOf(id), isEnd ? 'data-end' : 'data');
    const stream = streams.get(id);
    if (stream === undefined) return abuse.noteIdleFrame();
    requests.received(stream, end - start);
    if (isEnd) requests.ended(stream);
  }

  #onWindowUpdate(id: number, more: number): void {
    const { streams, sender, abuse } = this.#parts;
    if (more < LEAST_UPDATE) abuse.noteIdleFrame();
    if (id === 0) {
      if (more === 0) throw new ConnectionError(ErrorCode.protocol, 'WINDOW_UPDATE by 0');
      if (!sender.widenConnection(more))
        throw new ConnectionError(ErrorCode.flowControl, 'the window of the connection is too large');
      return;
    }
    this.#move(id, streams.stateOf(id), 'window-update');
    if (more === 0) throw new StreamError(id, ErrorCode.protocol, 'WINDOW_UPDATE by 0');
    const stream = streams.get(id);
    if (stream === undefined) abuse.noteIdleFrame();
    else if (!sender.widen(stream, more))
      throw new StreamError(id, ErrorCode.flowControl, 'the window of a stream is too large');
  }

  #onPriorityUpdate(from: Buffer, start: number, end: number): void {
    const { streams, sender } = this.#parts;
    const update = priorityUpdate(from, start, end);
    const stream = streams.get(update.id);
    if (stream !== undefined) sender.prioritise(stream, update.priority);
    else if (streams.stateOf(update.id) === 'idle') {
      this.#priorities ??= new EarlyPriorities();
      this.#priorities.note(update);
    }
  }

  #onSettings(flags: number, from: Buffer, start: number, end: number): void {
    const { streams, sender, writer, abuse } = this.#parts;
    // The first settings are part of the preface.
    if (this.#hasSettings) abuse.noteIdleFrame();
    this.#hasSettings = true;
    if ((flags & Flag.ack) !== 0) return;
    const { initialWindow, hasSmallTable } = clientSettings(from, start, end);
    if (initialWindow !== undefined && !sender.setInitialWindow(initialWindow, streams.all()))
      throw new ConnectionError(ErrorCode.flowControl, 'the window of a stream is too large');
    if (hasSmallTable) writer.refuseTable();
    writer.settingsAck();
  }

  #onResetStream(id: number): void {
    const { streams, requests, abuse } = this.#parts;
    this.#move(id, streams.stateOf(id), 'reset-stream');
    abuse.noteReset();
    const stream = streams.get(id);
    if (stream !== undefined) requests.close(stream);
  }

  /** Moves a stream to its next state, or throws the error that the frame deserves. */
  #move(id: number, before: StreamState, event: StreamEvent): void {
    const next = transition(before, event);
    const { kind } = next;
    if (kind === 'next') {
      const stream = this.#parts.streams.get(id);
      if (stream !== undefined) stream.state = next.state;
      return;
    }
    const message = `${event} of a stream that is ${before}`;
    if (kind === 'stream-error') throw new StreamError(id, next.code, message);
    throw new ConnectionError(next.code, message);
  }
}
