import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { systemCode } from '../../../shared/errors.ts';
import { PacedConnection } from './paced-connection.ts';

/** For this long the server discards what a client still sends, so that the client can read the refusal. */
const LINGER_MS = 2000;

/**
 * Answers a request that the parser refuses. Earlier requests of the connection are answered first. Otherwise, the
 * client would take the refusal for the response to one of them.
 */
export class ClientErrors {
  readonly #unanswered = new WeakMap<Socket, number>();
  readonly #refused = new WeakMap<Socket, () => void>();
  /** Connections that get no further responses. */
  readonly #closing = new WeakSet<Socket>();

  /** Counts the responses that each connection still waits for. */
  watch(server: NodeJS.EventEmitter): void {
    server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
      this.#unanswered.set(socket, this.#waiting(socket) + 1);
      response.once('close', () => {
        this.#unanswered.set(socket, this.#waiting(socket) - 1);
        if (!response.shouldKeepAlive) this.#closing.add(socket);
        else if (this.#waiting(socket) === 0) this.#refused.get(socket)?.();
      });
    });
  }

  readonly refuse = (error: Error, socket: Socket): void => {
    if (!socket.writable || systemCode(error) === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    if (socket instanceof PacedConnection) socket.parseNoMore();
    // After the first refusal, nothing that follows on this connection is answered.
    if (this.#refused.has(socket) || this.#closing.has(socket)) return;
    const sendRefusal = () => {
      socket.end(refusal(statusOf(error)));
      setTimeout(() => socket.destroy(), LINGER_MS).unref();
    };
    this.#refused.set(socket, sendRefusal);
    if (this.#waiting(socket) === 0) sendRefusal();
  };

  #waiting(socket: Socket): number {
    return this.#unanswered.get(socket) ?? 0;
  }
}

function statusOf(error: Error): number {
  switch (systemCode(error)) {
    case 'HPE_HEADER_OVERFLOW':
      return 431;
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return 413;
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 408;
    default:
      return 400;
  }
}

function refusal(status: number): string {
  const text = `${STATUS_CODES[status]}\n`;
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: text/plain; charset=utf-8',
    `content-length: ${text.length}`,
    'connection: close',
    '',
    text,
  ].join('\r\n');
}
