import type { Readable } from 'node:stream';
import type { Exchange } from '../connection/exchanges.ts';
import { type Priority, priorityOf } from './priority.ts';
import type { StreamRequest } from './stream-request.ts';
import type { StreamState } from './stream-state.ts';

/** A stream from the head of its request to the last byte of its response. */
export class Stream {
  readonly id: number;
  readonly request: StreamRequest;
  /** When its head arrived, in milliseconds. */
  readonly since: number;
  state: StreamState;
  /** How much the client lets this server send. It may be negative. */
  window: number;
  priority: Priority;
  /** The bytes of the request's body, without padding. */
  received = 0;
  /** Whether the request was passed on to be answered. */
  isAsked = false;
  exchange: Exchange | undefined;

  /** The header block of the response, until it is sent together with the first bytes of the body. */
  head: Buffer | undefined;
  /** The length of the body. Undefined if it is not known. */
  length: number | undefined;
  /** The bytes to send next, from `at` on. */
  body: Uint8Array | undefined;
  at = 0;
  source: Readable | undefined;
  /** Whether nothing follows after `body`. */
  isLast = false;
  /** Whether it waits for its turn to send. */
  isQueued = false;
  sent = 0;
  /** Whether the whole response was sent. */
  isSent = false;
  /** Whether the stream is closed. */
  isGone = false;
  readonly #gone: (() => void)[] = [];
  readonly #ended: (() => void)[] = [];

  constructor(id: number, request: StreamRequest, state: StreamState, window: number, since: number) {
    this.id = id;
    this.request = request;
    this.state = state;
    this.window = window;
    this.priority = priorityOf(request.priority);
    this.since = since;
  }

  /** Whether the stream could send something if the windows allowed it. */
  get hasMore(): boolean {
    return !this.isGone && !this.isSent && (this.body !== undefined || this.isLast);
  }

  /** The bytes of the body that were sent or are ready to be sent. */
  get taken(): number {
    return this.sent + (this.body === undefined ? 0 : this.body.length - this.at);
  }

  whenGone(listener: () => void): void {
    if (this.isGone) listener();
    else this.#gone.push(listener);
  }

  whenSent(listener: () => void): void {
    this.#ended.push(listener);
  }

  /** Called once the whole response was sent. */
  noteSent(): void {
    this.isSent = true;
    for (const listener of this.#ended) listener();
  }

  /** Called when the stream is closed, whether or not its response was sent. */
  close(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.body = undefined;
    this.source?.destroy();
    for (const listener of this.#gone) listener();
  }
}
