import type { EventEmitter } from 'node:events';
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { headEnd } from './head-end.ts';
import { takenBytes } from './taken-bytes.ts';

/** What all connections of a process together keep of requests that are sent before their turn. */
const MOST_HELD_BYTES = 32 * 1024 * 1024;
const NOTHING = Buffer.alloc(0);

type Done = (error?: Error | null) => void;

/**
 * A connection as Node's HTTP/1.1 server gets to see it: one request at a time, the next when the answer to the one
 * before has been sent. So a reader who pipelines thousands of requests has one answer in the making, and is
 * slowed down by TCP; Node would begin with all of them at once.
 */
export class PacedConnection extends Duplex {
  static #heldBytes = 0;

  /** Node's server notes itself here. */
  server: unknown;
  readonly #socket: Socket;
  /** Read and not given to the parser yet. */
  #rest: Buffer = NOTHING;
  #held = 0;
  /** The last bytes that were given: a head may end in the middle of what comes next. */
  #given: Buffer = NOTHING;
  #isAskedFor = false;
  #isAnswering = false;
  #hasEnded = false;

  /** Makes a server of HTTP/1.1 without TLS see all its connections so; to be called when it has its own listeners. */
  static use(server: EventEmitter): void {
    PacedConnection.watch(server);
    const listeners = server.listeners('connection');
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => {
      const paced = new PacedConnection(socket);
      for (const listener of listeners) listener.call(server, paced);
    });
  }

  /** Lets the requests of a server tell which of its connections await an answer. */
  static watch(server: EventEmitter): void {
    server.prependListener('request', ({ socket }: IncomingMessage, response: unknown) => {
      if (socket instanceof PacedConnection && response instanceof ServerResponse) socket.#waitFor(response);
    });
  }

  constructor(socket: Socket) {
    super({
      allowHalfOpen: true,
      readableHighWaterMark: 1,
      writableHighWaterMark: socket.writableHighWaterMark,
    });
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
      this.#give();
    });
    socket.on('end', () => {
      this.#hasEnded = true;
      this.#give();
    });
    socket.on('timeout', () => this.emit('timeout'));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#socket.remotePort;
  }

  /** What its reader has taken of all that was written, also of what is being written; undefined when it is closed. */
  get takenBytes(): number | undefined {
    return takenBytes(this.#socket);
  }

  /** Undefined without TLS. */
  get encrypted(): boolean | undefined {
    return 'encrypted' in this.#socket ? true : undefined;
  }

  /** What the reader's side of TLS named; undefined when it named nothing, and without TLS. */
  get servername(): string | undefined {
    const { servername } = this.#socket as { readonly servername?: string | false };
    return servername || undefined;
  }

  /** Node's server for TLS tells HTTP/1.1 by it. */
  get alpnProtocol(): string | false {
    return (this.#socket as { readonly alpnProtocol?: string | false | null }).alpnProtocol || false;
  }

  setTimeout(ms: number, callback?: () => void): this {
    this.#socket.setTimeout(ms);
    if (callback !== undefined) this.once('timeout', callback);
    return this;
  }

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  override _read(): void {
    this.#isAskedFor = true;
    // Not at once: what is pushed while it is asked for is parsed later, and its request would not be known here.
    process.nextTick(() => this.#give());
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: Done): void {
    this.#socket.write(chunk, encoding, done);
  }

  override _writev(chunks: readonly { chunk: Buffer; encoding: BufferEncoding }[], done: Done): void {
    const last = chunks.at(-1);
    this.#socket.cork();
    for (const piece of chunks)
      this.#socket.write(piece.chunk, piece.encoding, piece === last ? done : undefined);
    this.#socket.uncork();
  }

  override _final(done: Done): void {
    this.#socket.end(() => done());
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#hold(0);
    this.#socket.destroy();
    done(error);
  }

  #waitFor(response: ServerResponse): void {
    this.#isAnswering = true;
    response.once('close', () => {
      this.#isAnswering = false;
      this.#give();
    });
  }

  #give(): void {
    if (this.destroyed) return;
    if (this.#isAskedFor && !this.#isAnswering && this.#rest.length > 0) {
      const end = headEnd(this.#given, this.#rest);
      const next = this.#rest.subarray(0, end);
      this.#rest = this.#rest.subarray(end);
      this.#given = Buffer.concat([this.#given, next.subarray(-3)]).subarray(-3);
      this.#isAskedFor = false;
      this.push(next);
      if (this.destroyed) return;
    }
    this.#hold(this.#rest.length);
    if (this.#rest.length > 0) {
      this.#socket.pause();
      // Whoever sends so far ahead has readers enough beside it.
      if (PacedConnection.#heldBytes > MOST_HELD_BYTES) this.destroy();
    } else if (this.#hasEnded) {
      this.#hasEnded = false;
      this.push(null);
    } else if (this.#socket.isPaused()) this.#socket.resume();
  }

  #hold(bytes: number): void {
    PacedConnection.#heldBytes += bytes - this.#held;
    this.#held = bytes;
  }
}
