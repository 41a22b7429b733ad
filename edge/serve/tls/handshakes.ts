import type { Socket } from 'node:net';

/**
 * Node makes the first buffer of a TLS connection 64 KB large if TLS reads the socket itself, and otherwise as large as
 * the first piece that it passes on, but at least 1 KB. A piece that fills this buffer brings a second one of 16 KB.
 */
const PIECE_BYTES = 1000;

/**
 * Begins TLS on a connection when its first bytes have arrived, and gives them to TLS in small pieces. So an idle
 * connection takes 12 KB less memory, and one on which no handshake begins takes no memory of TLS.
 */
export class Handshakes {
  readonly #begin: (socket: Socket) => void;
  readonly #waitMs: number;
  /** Connections that have sent nothing yet. */
  readonly #waiting = new Set<Socket>();

  /** A connection that sends nothing for `waitMs` is closed. */
  constructor(begin: (socket: Socket) => void, waitMs: number) {
    this.#begin = begin;
    this.#waitMs = waitMs;
  }

  take(socket: Socket): void {
    if (socket.readableLength > 0) this.#beginWith(socket);
    else this.#awaitFirst(socket);
  }

  /** Closes the connections that have sent nothing yet. */
  closeWaiting(): void {
    for (const socket of this.#waiting) socket.destroy();
  }

  #awaitFirst(socket: Socket): void {
    const giveUp = () => socket.destroy();
    const leave = () => {
      this.#waiting.delete(socket);
      socket.setTimeout(0);
      socket.off('data', read).off('end', giveUp).off('error', giveUp);
      socket.off('timeout', giveUp).off('close', leave);
    };
    const read = (first: Buffer) => {
      leave();
      socket.pause();
      socket.unshift(first);
      this.#beginWith(socket);
    };
    this.#waiting.add(socket);
    socket.setTimeout(this.#waitMs);
    socket.on('data', read).on('end', giveUp).on('error', giveUp).on('timeout', giveUp).on('close', leave);
    socket.resume();
  }

  #beginWith(socket: Socket): void {
    const { read } = socket;
    // TLS takes what has arrived by `read` without a size, until nothing is left.
    socket.read = (size?: number) =>
      read.call(socket, size === undefined && socket.readableLength > PIECE_BYTES ? PIECE_BYTES : size);
    this.#begin(socket);
  }
}
