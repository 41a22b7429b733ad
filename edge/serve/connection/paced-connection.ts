import type { EventEmitter } from 'node:events';
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { FairShare } from '../../../shared/concurrency/fair-share.ts';
import { clientOf } from '../../../shared/http/client-address.ts';
import { SOURCE, type Source } from '../../../shared/http/source.ts';
import { headBegin, headEnd } from './head-end.ts';
import { takenBytes } from './taken-bytes.ts';
import type { Turns } from './turns.ts';

/** The maximum number of bytes of pipelined requests that all connections of a process may hold together. */
const MOST_HELD_BYTES = 32 * 1024 * 1024;
/** The maximum number of bytes in the empty lines before a request, which a server skips (RFC 9112, 2.2). */
const MOST_EMPTY_BYTES = 16;
/** After this many pieces in a row, other connections get their turn. */
const PIECES_IN_A_ROW = 16;
/**
 * After the last response, the server discards what the client sends, for at most this long and up to this many bytes.
 */
const LINGER_MS = 2000;
const MOST_LINGER_BYTES = 256 * 1024;
/**
 * How many bytes of responses may wait behind the current write. A large write that was granted may exceed this, but
 * then no other write waits with it.
 */
const WAITING_BYTES = 16 * 1024;
const NOTHING = Buffer.alloc(0);

type Done = (error?: Error | null) => void;

/**
 * Gives Node's HTTP/1.1 server one request of a connection at a time, and the next one when the response is sent. So a
 * reader who pipelines thousands of requests has only one response in progress, and TCP slows that reader down. Without
 * this class, Node would begin with all of them at once. The server accepts no request bodies: a request that announces
 * a body is the last one of its connection, and nothing after its head is parsed.
 */
export class PacedConnection extends Duplex {
  static readonly #heldBytes = new FairShare({ inAll: MOST_HELD_BYTES });

  /** Node's server sets this to itself. */
  server: unknown;
  readonly #socket: Socket;
  readonly #turns: Turns;
  readonly #client: string;
  /** Bytes that were read but not yet given to the parser. */
  #rest: Buffer = NOTHING;
  #held = 0;
  /** Functions that each release a part of the held bytes. */
  #giveBack: (() => void)[] = [];
  /** The last bytes that the parser got. The end of a head may begin in them. */
  #given: Buffer = NOTHING;
  #isAskedFor = false;
  #isAnswering = false;
  #hasHeadBegun = false;
  #emptyBytes = 0;
  #pieces = 0;
  #isInLine = false;
  #hasEnded = false;
  /** True when the parser gets no more bytes. */
  #isOver = false;
  #thrownAway = 0;

  /**
   * Wraps all connections of an HTTP/1.1 server without TLS. Node must already have added the server's own listeners.
   */
  static use(server: EventEmitter, turns: Turns): void {
    PacedConnection.watch(server);
    const listeners = server.listeners('connection');
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => {
      const paced = new PacedConnection(socket, turns);
      for (const listener of listeners) listener.call(server, paced);
    });
  }

  /** Notes, from the requests that a server receives, which connections await a response. */
  static watch(server: EventEmitter): void {
    server.prependListener('request', (request: IncomingMessage, response: unknown) => {
      const { socket } = request;
      if (!(socket instanceof PacedConnection && response instanceof ServerResponse)) return;
      socket.#waitFor(response);
      if (!announcesBody(request)) return;
      response.shouldKeepAlive = false;
      socket.parseNoMore();
    });
  }

  constructor(socket: Socket, turns: Turns) {
    super({
      allowHalfOpen: true,
      readableHighWaterMark: 1,
      writableHighWaterMark: WAITING_BYTES,
    });
    this.#socket = socket;
    this.#turns = turns;
    this.#client = clientOf(socket[SOURCE]?.address ?? socket.remoteAddress);
    socket.on('data', (chunk: Buffer) => {
      if (this.#isOver) return this.#throwAway(chunk);
      this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
      this.#give();
    });
    socket.on('end', () => {
      this.#hasEnded = true;
      if (this.#isOver && this.writableFinished) this.destroy();
      else this.#give();
    });
    socket.on('timeout', () => this.emit('timeout'));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  get [SOURCE](): Source | undefined {
    return this.#socket[SOURCE];
  }

  get remotePort(): number | undefined {
    return this.#socket.remotePort;
  }

  /**
   * The number of bytes that the reader has taken, including those of the current write. Undefined after the connection
   * has closed.
   */
  get takenBytes(): number | undefined {
    return takenBytes(this.#socket);
  }

  /** Undefined without TLS. */
  get encrypted(): boolean | undefined {
    return 'encrypted' in this.#socket ? true : undefined;
  }

  /** The host that the client named in the TLS handshake, if any. */
  get servername(): string | undefined {
    const { servername } = this.#socket as { readonly servername?: string | false };
    return servername || undefined;
  }

  /** Node's TLS server recognises HTTP/1.1 by this value. */
  get alpnProtocol(): string | false {
    return (this.#socket as { readonly alpnProtocol?: string | false | null }).alpnProtocol || false;
  }

  setTimeout(ms: number, callback?: () => void): this {
    this.#socket.setTimeout(ms);
    if (callback !== undefined) this.once('timeout', callback);
    return this;
  }

  /**
   * Discards what the client still sends. The connection closes when the response is sent and the client has ended its
   * side too, or soon after the response.
   */
  parseNoMore(): void {
    this.#isOver = true;
    this.#rest = NOTHING;
    this.#release();
    this.#socket.pause();
  }

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.#isOver) return;
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  override _read(): void {
    this.#isAskedFor = true;
    // This waits for the next tick. Bytes pushed during `_read` would be parsed only later, so this code would not yet
    // know of their request.
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
    this.#socket.end(() => {
      done();
      if (this.#isOver) this.#linger();
    });
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#release();
    this.#socket.destroy();
    done(error);
  }

  #waitFor(response: ServerResponse): void {
    this.#isAnswering = true;
    response.once('close', () => {
      this.#isAnswering = false;
      this.#hasHeadBegun = false;
      this.#emptyBytes = 0;
      this.#give();
    });
  }

  #give(): void {
    if (this.destroyed || this.#isOver) return;
    if (this.#isAskedFor && !this.#isAnswering && !this.#isInLine) {
      if (this.#rest.length > 0 && this.#turns.mustWait(performance.now())) this.#waitInLine();
      else this.#giveNext();
    }
    this.#holdRest();
  }

  /** Holds what the parser may not have yet, and reads on when nothing is left. */
  #holdRest(): void {
    if (this.destroyed || this.#isOver) return;
    if (this.#rest.length > 0) {
      this.#socket.pause();
      if (!this.#holds(this.#rest.length)) this.destroy();
      return;
    }
    this.#release();
    if (this.#hasEnded) {
      this.#hasEnded = false;
      this.push(null);
    } else if (this.#socket.isPaused()) this.#socket.resume();
  }

  #giveNext(): void {
    if (!this.#hasHeadBegun) this.#passEmptyLines();
    if (this.#rest.length === 0 || this.destroyed) return;
    this.#hasHeadBegun = true;
    const end = headEnd(this.#given, this.#rest);
    const next = this.#rest.subarray(0, end);
    this.#rest = this.#rest.subarray(end);
    this.#given = Buffer.concat([this.#given, next.subarray(-3)]).subarray(-3);
    this.#isAskedFor = false;
    if (++this.#pieces % PIECES_IN_A_ROW === 0) this.#waitInLine();
    this.push(next);
  }

  /**
   * Lets other connections read and write. Many requests that are answered immediately would otherwise prevent that.
   */
  #waitInLine(): void {
    this.#isInLine = true;
    this.#turns.wait(this.#client, () => {
      this.#isInLine = false;
      if (this.destroyed || this.#isOver) return;
      if (this.#isAskedFor && !this.#isAnswering) this.#giveNext();
      this.#holdRest();
    });
  }

  #passEmptyLines(): void {
    const begin = headBegin(this.#rest);
    this.#emptyBytes += begin;
    this.#rest = this.#rest.subarray(begin);
    if (this.#emptyBytes > MOST_EMPTY_BYTES) this.destroy();
  }

  /**
   * Returns false if the client would hold more than its share. Bytes that were passed to the parser still count until
   * the connection holds none.
   */
  #holds(bytes: number): boolean {
    if (bytes <= this.#held) return true;
    const giveBack = PacedConnection.#heldBytes.take(this.#client, bytes - this.#held);
    if (giveBack === undefined) return false;
    this.#giveBack.push(giveBack);
    this.#held = bytes;
    return true;
  }

  #release(): void {
    for (const giveBack of this.#giveBack.splice(0)) giveBack();
    this.#held = 0;
  }

  /** Closing while the client still sends would reset the connection and could lose the answer (RFC 9112, 9.6). */
  #linger(): void {
    if (this.#socket.readableEnded) return void this.destroy();
    const timer = setTimeout(() => this.destroy(), LINGER_MS);
    this.once('close', () => clearTimeout(timer));
    this.#socket.resume();
  }

  #throwAway({ length }: Buffer): void {
    this.#thrownAway += length;
    if (this.#thrownAway > MOST_LINGER_BYTES) this.destroy();
  }
}

function announcesBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
