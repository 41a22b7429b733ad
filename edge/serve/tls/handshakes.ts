import { Socket } from 'node:net';

/**
 * Node makes the first buffer of a TLS connection 64 KB large if TLS reads the socket itself, and otherwise as large as
 * the first piece that it passes on, but at least 1 KB. A piece that fills this buffer brings a second one of 16 KB.
 */
const PIECE_BYTES = 1000;
const LOOK_MS = 1000;

export interface HandshakeOptions {
  /** A connection whose handshake has not ended after this time is closed. */
  readonly waitMs: number;
  /** The time in milliseconds. */
  readonly now: () => number;
}

interface Unfinished {
  readonly socket: Socket;
  readonly since: number;
  /** Whether TLS reads the connection. Before that, the client has sent nothing. */
  hasBegun: boolean;
}

/**
 * Begins TLS on a connection when its first bytes have arrived, and gives them to TLS in small pieces. So an idle
 * connection takes 12 KB less memory, and one on which no handshake begins takes no memory of TLS. Closes connections
 * whose handshakes do not end: a `node:tls` server only reports them, and its timers would stay in memory.
 */
export class Handshakes {
  readonly #begin: (socket: Socket) => void;
  readonly #waitMs: number;
  readonly #now: () => number;
  /** By both addresses, because Node makes another object for the connection after the handshake. */
  readonly #unfinished = new Map<string, Unfinished>();

  constructor(begin: (socket: Socket) => void, { waitMs, now }: HandshakeOptions) {
    this.#begin = begin;
    this.#waitMs = waitMs;
    this.#now = now;
  }

  /** Regularly closes connections that have waited too long, until the process ends. */
  watch(): void {
    setInterval(() => this.endLate(), LOOK_MS).unref();
  }

  endLate(): void {
    const before = this.#now() - this.#waitMs;
    for (const [ends, { socket, since }] of this.#unfinished) {
      if (since <= before) socket.destroy();
      if (socket.destroyed) this.#unfinished.delete(ends);
    }
  }

  take(socket: Socket): void {
    const unfinished = { socket, since: this.#now(), hasBegun: false };
    this.#unfinished.set(endsOf(socket), unfinished);
    if (socket.readableLength > 0) this.#beginWith(unfinished);
    else this.#awaitFirst(unfinished);
  }

  /** The handshake has ended, and Node has made this socket for the connection. */
  ended(secure: Socket): void {
    this.#unfinished.delete(endsOf(secure));
  }

  /** Closes the connections that have sent nothing yet. */
  closeWaiting(): void {
    for (const { socket, hasBegun } of this.#unfinished.values()) if (!hasBegun) socket.destroy();
  }

  #awaitFirst(unfinished: Unfinished): void {
    const { socket } = unfinished;
    const giveUp = () => socket.destroy();
    const read = (first: Buffer) => {
      socket.off('data', read).off('end', giveUp).off('error', giveUp);
      socket.pause();
      socket.unshift(first);
      this.#beginWith(unfinished);
    };
    socket.on('data', read).on('end', giveUp).on('error', giveUp);
    socket.resume();
  }

  #beginWith(unfinished: Unfinished): void {
    const { socket } = unfinished;
    unfinished.hasBegun = true;
    socket.read = readPiece;
    this.#begin(socket);
  }
}

/** No two open connections have the same ends. */
function endsOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}

/** TLS takes what has arrived by `read` without a size, until nothing is left. */
function readPiece(this: Socket, size?: number): unknown {
  const isLong = size === undefined && this.readableLength > PIECE_BYTES;
  return Socket.prototype.read.call(this, isLong ? PIECE_BYTES : size);
}
