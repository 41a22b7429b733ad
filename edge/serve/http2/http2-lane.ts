import type { TLSSocket } from 'node:tls';
import { clientOf } from '../../../shared/http/client-address.ts';
import { SOURCE } from '../../../shared/http/source.ts';
import type { Drain } from '../connection/drain.ts';
import type { LargeWrites } from '../connection/large-writes.ts';
import { Connection } from './connection.ts';
import { type AnswersParts, ConnectionAnswers } from './connection-answers.ts';
import { readDirectly } from './direct-reads.ts';
import { OutBuffers } from './out-buffers.ts';
import { Turns } from './turns.ts';
import { WriteTurns } from './write-turns.ts';

/** The head of a request must arrive completely within this time. */
const HEAD_MS = 20_000;
/** A request with a body must arrive completely within this time. */
const REQUEST_MS = 30_000;
/** For this long, a client may still read why its connection has ended. */
const LINGER_MS = 2000;
/** A connection that has been idle for this long frees memory. */
const REST_MS = 2000;
const LOOK_MS = 1000;

const now = () => performance.now();

export interface Http2LaneParts extends AnswersParts {
  readonly drain: Drain;
  readonly largeWrites: LargeWrites;
  readonly keepAliveMs: number;
}

/** Answers all requests of HTTP/2 connections. */
export class Http2Lane {
  readonly #parts: Http2LaneParts;
  readonly #buffers = new OutBuffers();
  readonly #turns = new Turns(now);
  readonly #writeTurns = new WriteTurns();
  readonly #open = new Map<TLSSocket, Connection>();

  constructor(parts: Http2LaneParts) {
    this.#parts = parts;
    parts.drain.onBegin(() => {
      for (const connection of this.#open.values()) connection.leaveWithNext();
    });
  }

  /** Regularly ends connections that have waited too long, and frees memory, until the process ends. */
  watch(): void {
    setInterval(() => {
      this.#endWaiting();
      this.#buffers.trim();
    }, LOOK_MS).unref();
  }

  /** Takes a connection from which nothing has been read yet, and answers its requests. */
  take(socket: TLSSocket): void {
    const { drain, largeWrites } = this.#parts;
    const client = clientOf(socket[SOURCE]?.address ?? socket.remoteAddress);
    const answers = new ConnectionAnswers(socket, this.#parts, (stream) => connection.reset(stream));
    const connection: Connection = new Connection({
      socket,
      buffers: this.#buffers,
      turns: this.#turns,
      writeTurns: this.#writeTurns,
      allow: (bytes, most) => largeWrites.most(socket, client, bytes, most),
      answers,
      now,
      pauseReading: (isPaused) => pause(isPaused),
      ended: () => endSlowly(socket),
    });
    if (drain.isOn) connection.leaveWithNext();
    this.#open.set(socket, connection);
    socket.on('error', destroy);
    socket.on('close', () => {
      this.#open.delete(socket);
      connection.closed();
    });
    const pause = readDirectly(socket, connection.read);
  }

  /** Answers the requests that have arrived, and ends all connections. */
  closeConnections(): void {
    for (const connection of this.#open.values()) connection.leave();
  }

  /** Ends all connections at once. */
  destroyConnections(): void {
    for (const socket of this.#open.keys()) socket.destroy();
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

/** Gives the client time to read what was written last. */
function endSlowly(socket: TLSSocket): void {
  socket.end();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  timer.unref();
  socket.once('close', () => clearTimeout(timer));
}
