import type { ChunkReader } from '../connection/direct-reads.ts';
import { Abuse } from './abuse.ts';
import { ClientFrames, type ClientFramesParts } from './client-frames.ts';
import { FrameReader } from './frame-reader.ts';
import { FrameWriter } from './frame-writer.ts';
import { ConnectionError, ErrorCode, Setting } from './frames.ts';
import { MOST_LIST_BYTES } from './header-blocks.ts';
import type { OutBuffers } from './out-buffers.ts';
import type { Peer } from './peer.ts';
import { type Answers, MOST_STREAMS, Requests, type RequestsParts } from './requests.ts';
import { Sender, type SenderParts } from './sender.ts';
import type { Stream } from './stream.ts';
import { takeNext } from './stream-sink.ts';
import { Streams } from './streams.ts';
import type { Turns } from './turns.ts';
import { Unread } from './unread.ts';
import type { SliceWriter, WriteTurns } from './write-turns.ts';

/** The highest possible number of a stream. */
const ANY_STREAM = 2 ** 31 - 1;
/** With more bytes of the client that wait for their turn, nothing more is read. */
const MOST_UNREAD_BYTES = 16 * 1024;

/** What all connections of a process share. */
export interface SharedParts {
  readonly buffers: OutBuffers;
  readonly writeTurns: Pick<WriteTurns, 'wait'>;
  readonly turns: Pick<Turns, 'mustWait' | 'wait' | 'wrote'>;
  /** The time in milliseconds. */
  readonly now: () => number;
}

/** What a connection waits for, and since when. */
export interface Waiting {
  readonly kind: 'rest-of-frame' | 'first-request' | 'next-request';
  readonly since: number;
}

/**
 * One connection of HTTP/2: takes the bytes of the client, and writes frames to the socket. All responses that one read
 * causes go out in one write. Its parts know each other by the connection, because objects and closures for that would
 * take 700 bytes more of each idle connection.
 */
export class Connection implements ChunkReader, SliceWriter, ClientFramesParts, RequestsParts, SenderParts {
  readonly peer: Peer;
  readonly answers: Answers;
  readonly streams = new Streams();
  readonly abuse: Abuse;
  readonly writer: FrameWriter;
  readonly sender: Sender;
  readonly requests: Requests;
  run = 0;
  readonly #shared: SharedParts;
  readonly #frames: ClientFrames;
  readonly #reader: FrameReader;
  #now: number;
  /** When the connection began, the last request arrived or the last response was sent. */
  #activeAt: number;
  /** When the frame or header block began that is still incomplete. */
  #incompleteSince: number | undefined;
  #hasRequests = false;
  /** `announced`: the client knows that it should open no further streams. `last`: further ones are ignored. */
  #leaving: 'no' | 'with-next' | 'announced' | 'last' = 'no';
  #hasEnded = false;
  /** True while frames are read or put together, which ends with a write in any case. */
  #isBusy = false;
  #isPumpDue = false;
  /** Whether the next slice waits for its turn. */
  #isWriteDue = false;
  #isPaused = false;
  /** Defined while bytes of the client wait for their turn. */
  #unread: Unread | undefined;

  constructor(peer: Peer, answers: Answers, shared: SharedParts) {
    this.peer = peer;
    this.answers = answers;
    this.#shared = shared;
    this.#now = shared.now();
    this.#activeAt = this.#now;
    this.abuse = new Abuse(shared.now);
    this.writer = new FrameWriter(peer.socket, shared.buffers, (bytes, since) => this.#written(bytes, since));
    this.sender = new Sender(this);
    this.requests = new Requests(this);
    this.#frames = new ClientFrames(this);
    this.#reader = new FrameReader(this.#frames);
    this.writer.settings([
      [Setting.maxConcurrentStreams, MOST_STREAMS],
      [Setting.maxHeaderListSize, MOST_LIST_BYTES],
      [Setting.noRfc7540Priorities, 1],
    ]);
    this.writer.flush(this.#now);
  }

  /** Takes bytes of the client. */
  read(chunk: Buffer): void {
    if (this.#hasEnded) return;
    this.#now = this.now();
    const mayRead = this.#unread === undefined && Unread.isPiece(chunk);
    if (mayRead && !this.#shared.turns.mustWait(this.#now)) this.#read(chunk);
    else this.#readLater(chunk);
  }

  #readLater(chunk: Buffer): void {
    if (this.#unread === undefined) {
      this.#unread = new Unread();
      this.#readInTurn();
    }
    this.#unread.add(chunk);
    this.#pauseIfFull();
  }

  #readInTurn(): void {
    this.#shared.turns.wait(() => this.#readNext());
  }

  #readNext(): void {
    const unread = this.#unread;
    const piece = unread?.next();
    if (unread === undefined || piece === undefined || this.#hasEnded) return;
    if (unread.bytes === 0) this.#unread = undefined;
    else this.#readInTurn();
    this.#now = this.now();
    this.#read(piece);
  }

  #read(chunk: Buffer): void {
    this.#isBusy = true;
    try {
      this.#reader.read(chunk);
      const isIncomplete = this.#reader.isIncomplete || this.#frames.isInBlock;
      this.#incompleteSince = isIncomplete ? (this.#incompleteSince ?? this.#now) : undefined;
    } catch (error) {
      this.#fail(error);
    }
    this.#pump();
  }

  /** Undefined while the connection answers requests, or has some to read. */
  get waiting(): Waiting | undefined {
    if (this.#unread !== undefined) return undefined;
    if (this.#incompleteSince !== undefined) return { kind: 'rest-of-frame', since: this.#incompleteSince };
    if (this.streams.size > 0) return undefined;
    return { kind: this.#hasRequests ? 'next-request' : 'first-request', since: this.#activeAt };
  }

  /** Frees memory if nothing has happened since `before`. */
  restIfIdle(before: number): void {
    if (this.streams.size === 0 && this.#activeAt < before) this.#frames.rest();
  }

  /** Ends the streams whose requests have not arrived completely since `before`. */
  endUnfinished(before: number): void {
    this.requests.endUnfinished(before);
  }

  /** Ends the connection with the response to the next request (RFC 9113, 6.8). */
  leaveWithNext(): void {
    if (this.#leaving === 'no') this.#leaving = 'with-next';
  }

  /** Answers the requests that have arrived, and then ends the connection. */
  leave(): void {
    if (this.#hasEnded || this.#leaving === 'last') return;
    this.#leaving = 'last';
    this.writer.goAway(this.streams.last, ErrorCode.none);
    this.changed();
  }

  /** The socket has closed. */
  closed(): void {
    this.#hasEnded = true;
    this.#unread = undefined;
    this.#reader.stop();
    this.requests.closeAll();
    this.writer.close();
  }

  now(): number {
    return this.#shared.now();
  }

  /** Called before each request. */
  mayOpen(): boolean {
    if (this.#leaving === 'last') return false;
    this.#hasRequests = true;
    this.#activeAt = this.#now;
    if (this.#leaving === 'with-next') {
      // The client opens no further streams. Those that are on their way are still answered.
      this.#leaving = 'announced';
      this.writer.goAway(ANY_STREAM, ErrorCode.none);
      setImmediate(() => this.leave());
    }
    return true;
  }

  needed(stream: Stream): void {
    takeNext(stream);
  }

  sent(stream: Stream): void {
    this.#activeAt = this.#now;
    this.requests.sent(stream);
  }

  /** Several responses that are ready in one turn of the event loop go out in one write. */
  changed(): void {
    if (this.#isBusy || this.#isPumpDue || this.#hasEnded) return;
    this.#isPumpDue = true;
    setImmediate(() => {
      this.#isPumpDue = false;
      this.#now = this.now();
      this.#pump();
    });
  }

  #written(bytes: number, since: number | undefined): void {
    if (this.#hasEnded || !(this.sender.waiting > 0 || this.#isPaused)) return;
    if (since !== undefined) this.sender.written(bytes, this.now() - since);
    if (this.#isWriteDue) return;
    this.#isWriteDue = true;
    this.#shared.writeTurns.wait(this);
  }

  /** Writes what comes next, when this connection's turn has come. */
  writeSlice(): number {
    this.#isWriteDue = false;
    this.#now = this.now();
    return this.#pump();
  }

  /** Returns how many bytes were written. */
  #pump(): number {
    this.#isBusy = true;
    if (!this.#hasEnded) this.sender.pump();
    this.#isBusy = false;
    if (this.#hasEnded) return 0;
    const bytes = this.writer.flush(this.#now);
    this.#shared.turns.wrote(bytes);
    this.#pauseIfFull();
    if (this.#leaving === 'last' && this.streams.size === 0) this.#end();
    return bytes;
  }

  /** Stops reading while too much waits for the reader or for this connection's turn. */
  #pauseIfFull(): void {
    const isFull = this.sender.isFull || (this.#unread?.bytes ?? 0) > MOST_UNREAD_BYTES;
    if (isFull === this.#isPaused) return;
    this.#isPaused = isFull;
    this.peer.pauseReading(isFull);
  }

  /** Tells the client why the connection ends. Logs errors that are no fault of the client. */
  #fail(error: unknown): void {
    const isFault = error instanceof ConnectionError;
    if (!isFault) this.answers.failed(error, '');
    const code = isFault ? error.code : ErrorCode.internal;
    this.requests.closeAll();
    this.writer.goAway(this.streams.last, code, isFault ? error.message : '');
    this.writer.flush(this.#now);
    this.#end();
  }

  #end(): void {
    this.#hasEnded = true;
    this.#reader.stop();
    this.peer.ended();
  }
}
