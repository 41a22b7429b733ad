import type { TLSSocket } from 'node:tls';
import { readDirectly } from '../connection/direct-reads.ts';
import type { Drain } from '../connection/drain.ts';
import type { LargeWrites } from '../connection/large-writes.ts';
import type { Turns } from '../connection/turns.ts';
import { Connection, type SharedParts } from './connection.ts';
import { type AnswersParts, ConnectionAnswers } from './connection-answers.ts';
import { OutBuffers } from './out-buffers.ts';
import { TlsPeer } from './tls-peer.ts';
import { WriteTurns } from './write-turns.ts';

/** The head of a request must arrive completely within this time. */
const HEAD_MS = 20_000;
/** A request with a body must arrive completely within this time. */
const REQUEST_MS = 30_000;
/** A connection that has been idle for this long frees memory. */
const REST_MS = 2000;
const LOOK_MS = 1000;

const now = () => performance.now();

export interface Http2LaneParts extends AnswersParts {
  readonly drain: Drain;
  readonly largeWrites: LargeWrites;
  readonly turns: Turns;
  readonly keepAliveMs: number;
}

/** Answers all requests of HTTP/2 connections. */
export class Http2Lane {
  readonly #parts: Http2LaneParts;
  readonly #shared: SharedParts;
  readonly #open = new Map<TLSSocket, Connection>();
  /** One listener for all connections. */
  readonly #onClose: (this: TLSSocket) => void;

  constructor(parts: Http2LaneParts) {
    this.#parts = parts;
    const { turns } = parts;
    this.#shared = { buffers: new OutBuffers(), turns, writeTurns: new WriteTurns(), now };
    const closed = (socket: TLSSocket) => this.#closed(socket);
    this.#onClose = function (this: TLSSocket) {
      closed(this);
    };
    parts.drain.onBegin(() => {
      for (const connection of this.#open.values()) connection.leaveWithNext();
    });
  }

  /** Regularly ends connections that have waited too long, and frees memory, until the process ends. */
  watch(): void {
    setInterval(() => {
      this.#endWaiting();
      this.#shared.buffers.trim();
    }, LOOK_MS).unref();
  }

  /** Takes a connection from which nothing has been read yet, and answers its requests. */
  take(socket: TLSSocket): void {
    const { drain, largeWrites } = this.#parts;
    const answers = new ConnectionAnswers(socket, this.#parts);
    const connection = new Connection(new TlsPeer(socket, largeWrites), answers, this.#shared);
    if (drain.isOn) connection.leaveWithNext();
    this.#open.set(socket, connection);
    socket.on('error', destroy);
    socket.on('close', this.#onClose);
    readDirectly(socket, connection);
  }

  /** Answers the requests that have arrived, and ends all connections. */
  closeConnections(): void {
    for (const connection of this.#open.values()) connection.leave();
  }

  /** Ends all connections at once. */
  destroyConnections(): void {
    for (const socket of this.#open.keys()) socket.destroy();
  }

  #closed(socket: TLSSocket): void {
    const connection = this.#open.get(socket);
    this.#open.delete(socket);
    connection?.closed();
  }

  #endWaiting(): void {
    const time = now();
    const most = {
      'rest-of-frame': HEAD_MS,
      'first-request': HEAD_MS,
      'next-request': this.#parts.keepAliveMs,
    };
    for (const connection of this.#open.values()) {
      connection.endUnfinished(time - REQUEST_MS);
      connection.restIfIdle(time - REST_MS);
      const { waiting } = connection;
      if (waiting !== undefined && time - waiting.since >= most[waiting.kind]) connection.leave();
    }
  }
}

function destroy(this: TLSSocket): void {
  this.destroy();
}
