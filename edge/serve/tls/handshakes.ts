import { Socket } from 'node:net';

/**
 * Node makes the first buffer of a TLS connection 64 KB large if TLS reads the socket itself, and otherwise as large as
 * the first piece that it passes on, but at least 1 KB. A piece that fills this buffer brings a second one of 16 KB.
 */
const PIECE_BYTES = 1000;
const LOOK_MS = 1000;

export interface HandshakeOptions {
  /** A connection that sends nothing for this long is closed. */
  readonly waitMs: number;
  /** The time in milliseconds. */
  readonly now: () => number;
}

/**
 * Begins TLS on a connection when its first bytes have arrived, and gives them to TLS in small pieces. So an idle
 * connection takes 12 KB less memory, and one on which no handshake begins takes no memory of TLS.
 */
export class Handshakes {
  readonly #begin: (socket: Socket) => void;
  readonly #waitMs: number;
  readonly #now: () => number;
  /** Connections that have sent nothing yet, and since when, the earliest first. */
  readonly #waiting = new Map<Socket, number>();

  constructor(begin: (socket: Socket) => void, { waitMs, now }: HandshakeOptions) {
    this.#begin = begin;
    this.#waitMs = waitMs;
    this.#now = now;
  }

  /** Regularly closes connections that have waited too long, until the process ends. */
  watch(): void {
    setInterval(() => this.endSilent(), LOOK_MS).unref();
  }

  endSilent(): void {
    const before = this.#now() - this.#waitMs;
    for (const [socket, since] of this.#waiting) {
      if (since > before) return;
      socket.destroy();
    }
  }

  take(socket: Socket): void {
    if (socket.readableLength > 0) this.#beginWith(socket);
    else this.#awaitFirst(socket);
  }

  /** Closes the connections that have sent nothing yet. */
  closeWaiting(): void {
    for (const socket of this.#waiting.keys()) socket.destroy();
  }

  #awaitFirst(socket: Socket): void {
    const giveUp = () => socket.destroy();
    const leave = () => {
      this.#waiting.delete(socket);
      socket.off('data', read).off('end', giveUp).off('error', giveUp).off('close', leave);
    };
    const read = (first: Buffer) => {
      leave();
      socket.pause();
      socket.unshift(first);
      this.#beginWith(socket);
    };
    this.#waiting.set(socket, this.#now());
    socket.on('data', read).on('end', giveUp).on('error', giveUp).on('close', leave);
    socket.resume();
  }

  #beginWith(socket: Socket): void {
    socket.read = readPiece;
    this.#begin(socket);
  }
}

/** TLS takes what has arrived by `read` without a size, until nothing is left. */
function readPiece(this: Socket, size?: number): unknown {
  const isLong = size === undefined && this.readableLength > PIECE_BYTES;
  return Socket.prototype.read.call(this, isLong ? PIECE_BYTES : size);
}
