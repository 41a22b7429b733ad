import { type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { systemCode } from '../../shared/errors.ts';

/** How long the rest of what a client sends is thrown away, so that it gets to read why. */
const LINGER_MS = 2000;

/**
 * Answers what the parser refuses. Requests before it on the same connection are answered first: else the client
 * would take the refusal for the answer to one of them.
 */
export class ClientErrors {
  readonly #unanswered = new WeakMap<Socket, number>();
  readonly #refused = new WeakMap<Socket, () => void>();

  /** Counts the answers that a connection still waits for. */
  watch(server: Server): void {
    server.on('request', ({ socket }: { socket: Socket }, response: ServerResponse) => {
      this.#unanswered.set(socket, this.#waiting(socket) + 1);
      response.once('close', () => {
        this.#unanswered.set(socket, this.#waiting(socket) - 1);
        if (this.#waiting(socket) === 0) this.#refused.get(socket)?.();
      });
    });
  }

  readonly refuse = (error: Error, socket: Socket): void => {
    if (!socket.writable || systemCode(error) === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    // What follows on this connection is refused with what came first.
    if (this.#refused.has(socket)) return;
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
