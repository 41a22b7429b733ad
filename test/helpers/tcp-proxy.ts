import { once } from 'node:events';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Wakeup } from '../../shared/concurrency/wakeup.ts';

/** The most bytes that one direction of a connection holds back, like the bytes in flight in a network. */
const IN_FLIGHT = 1024 * 1024;
/** With a limited rate, bytes pass in pieces that take this long, so that a new rate takes effect at once. */
const PIECE_MS = 20;
/** Timers are not more precise than this. A shorter wait is added to the next one. */
const TIMER_MS = 2;
const FOREVER_MS = 2 ** 31 - 1;
const HOST = '127.0.0.1';

export interface ProxyOptions {
  readonly target: { readonly host: string; readonly port: number };
  /** With 0, the system picks a port. */
  readonly port?: number;
  /** The delay in each direction. */
  readonly delayMs?: number;
  /** The rate in each direction, for all connections together. */
  readonly bytesPerSecond?: number;
}

/** Starts a TCP proxy that counts the bytes that pass. It can be slow, cut or silent, like a network. */
export async function startProxy(options: ProxyOptions): Promise<TcpProxy> {
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  await listen(server, options.port ?? 0);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return new TcpProxy(server, address.port, options);
}

interface Piece {
  readonly bytes: Buffer;
  readonly due: number;
}

export class TcpProxy {
  readonly host = HOST;
  readonly port: number;
  readonly url: string;
  /** The bytes passed on from clients to the target. */
  bytesUp = 0;
  /** The bytes passed on from the target to clients. */
  bytesDown = 0;
  /** When a client's first byte was read, on the clock of `performance.now`. */
  firstByteAt: number | undefined;
  /** The error of the last connection that broke without having been cut. */
  lastFailure: unknown;
  /** Applies to everything that is read from now on. */
  delayMs: number;
  readonly #target: ProxyOptions['target'];
  readonly #server: Server;
  readonly #ends = new Set<() => void>();
  readonly #thawed = new Wakeup();
  #isFrozen = false;
  #bytesPerSecond: number;
  /** When the link is free again, for each direction. */
  readonly #freeAt = { up: 0, down: 0 };

  constructor(server: Server, port: number, options: ProxyOptions) {
    this.#server = server;
    this.port = port;
    this.url = `http://${HOST}:${port}`;
    this.#target = options.target;
    this.delayMs = options.delayMs ?? 0;
    this.#bytesPerSecond = options.bytesPerSecond ?? Number.POSITIVE_INFINITY;
    server.on('connection', (client: Socket) => this.#pass(client));
  }

  get bytes(): number {
    return this.bytesUp + this.bytesDown;
  }

  get connections(): number {
    return this.#ends.size;
  }

  get bytesPerSecond(): number {
    return this.#bytesPerSecond;
  }

  set bytesPerSecond(rate: number) {
    this.#bytesPerSecond = rate;
    this.#freeAt.up = 0;
    this.#freeAt.down = 0;
  }

  /** Ends all connections and drops what is in flight. New connections are refused until `restore`. */
  async cut(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const end of this.#ends) end();
    await closed;
  }

  async restore(): Promise<void> {
    if (!this.#server.listening) await listen(this.#server, this.port);
  }

  /** Keeps connections and accepts new ones, but passes nothing on until `thaw`. */
  freeze(): void {
    this.#isFrozen = true;
  }

  thaw(): void {
    this.#isFrozen = false;
    this.#thawed.wake();
  }

  close(): Promise<void> {
    return this.cut();
  }

  #pass(client: Socket): void {
    const target = dial({ ...this.#target, allowHalfOpen: true, noDelay: true });
    const ended = new AbortController();
    const end = () => {
      if (ended.signal.aborted) return;
      ended.abort();
      for (const socket of [client, target]) socket.resetAndDestroy();
    };
    this.#ends.add(end);
    client.on('close', () => this.#ends.delete(end));
    const fail = (error: unknown) => {
      if (!ended.signal.aborted) this.lastFailure = error;
      end();
    };
    for (const socket of [client, target]) socket.on('error', fail);
    Promise.all([
      this.#way(client, target, 'up', ended.signal),
      this.#way(target, client, 'down', ended.signal),
    ]).catch(fail);
  }

  /** Reads and writes in separate loops, so that delays overlap. The bound between the loops is the backpressure. */
  async #way(from: Socket, to: Socket, direction: 'up' | 'down', signal: AbortSignal): Promise<void> {
    const pieces: Piece[] = [];
    const moved = new Wakeup();
    let held = 0;
    let isRead = false;
    const read = async () => {
      // By default an iterator destroys the socket at its end, which would also end the other direction.
      for await (const chunk of from.iterator({ destroyOnReturn: false })) {
        if (direction === 'up') this.firstByteAt ??= performance.now();
        for (const bytes of this.#cut(chunk as Buffer)) {
          await this.#paced(direction, bytes.length, signal);
          held += bytes.length;
          pieces.push({ bytes, due: performance.now() + this.delayMs });
          moved.wake();
          while (held > IN_FLIGHT) await awake(moved, signal);
        }
      }
      isRead = true;
      moved.wake();
    };
    const write = async () => {
      while (true) {
        const piece = pieces.shift();
        if (piece === undefined) {
          if (isRead) break;
          await awake(moved, signal);
          continue;
        }
        const wait = piece.due - performance.now();
        if (wait > 0) await sleep(Math.ceil(wait), undefined, { signal });
        while (this.#isFrozen) await awake(this.#thawed, signal);
        if (direction === 'up') this.bytesUp += piece.bytes.length;
        else this.bytesDown += piece.bytes.length;
        if (!to.write(piece.bytes)) await once(to, 'drain', { signal });
        held -= piece.bytes.length;
        moved.wake();
      }
      to.end();
    };
    await Promise.all([read(), write()]);
  }

  *#cut(chunk: Buffer): Generator<Buffer> {
    for (let at = 0; at < chunk.length; ) {
      const length = Math.max(1, Math.floor((this.#bytesPerSecond * PIECE_MS) / 1000));
      yield chunk.subarray(at, at + length);
      at += length;
    }
  }

  async #paced(direction: 'up' | 'down', bytes: number, signal: AbortSignal): Promise<void> {
    if (this.#bytesPerSecond === Number.POSITIVE_INFINITY) return;
    const now = performance.now();
    const free = Math.max(this.#freeAt[direction], now) + (bytes / this.#bytesPerSecond) * 1000;
    this.#freeAt[direction] = free;
    if (free - now >= TIMER_MS) await sleep(free - now, undefined, { signal });
  }
}

async function awake(wakeup: Wakeup, signal: AbortSignal): Promise<void> {
  await wakeup.wait(FOREVER_MS, signal);
  signal.throwIfAborted();
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, HOST);
  await once(server, 'listening');
}
