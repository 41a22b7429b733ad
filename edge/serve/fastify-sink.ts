import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { clientOf } from '../../shared/http/client-address.ts';
import type { Scheme } from '../../shared/http/forwarded.ts';
import { readerOf } from '../../shared/http/source.ts';
import { isSmall } from '../../shared/store/object-reader.ts';
import type { Incoming, IncomingHeaders, Sent, Sink } from './answering/sink.ts';
import type { SharedTurns } from './bytes/shared-turns.ts';
import type { Exchanges } from './connection/exchanges.ts';
import type { LargeWrites } from './connection/large-writes.ts';
import { PacedConnection } from './connection/paced-connection.ts';

/** The largest write over TLS while there is room for it. */
const MOST_WRITTEN = 1024 * 1024;
/** The header fields that belong to the connection, not to the response. */
const LASTING: ReadonlySet<string> = new Set(['date', 'connection']);

/** A request as fastify got it. Begins its exchange. */
export function incomingOf(
  { raw, method, headers }: FastifyRequest,
  reply: FastifyReply,
  scheme: Scheme,
  exchanges: Exchanges,
): Incoming {
  const { socket } = raw;
  const reader = readerOf(socket, headers);
  const isSecure = scheme === 'https';
  const exchange = exchanges.begin({
    client: clientOf(reader.address),
    connection: socket,
    isSecure,
    takenBytes: () => (socket instanceof PacedConnection ? socket.takenBytes : undefined),
    end: () => socket.destroy(),
  });
  if (exchange !== undefined) reply.raw.once('close', exchange.close);
  return {
    method,
    target: raw.url ?? '',
    version: raw.httpVersion,
    rawHeaders: raw.rawHeaders,
    headers: headers as IncomingHeaders,
    client: reader.address,
    scheme: reader.scheme ?? scheme,
    isSecure,
    connection: socket,
    exchange,
  };
}

/** Sends a response of HTTP/1.1 through fastify. */
export class FastifySink implements Sink {
  readonly #reply: FastifyReply;
  readonly #largeWrites: LargeWrites;
  readonly #turns: SharedTurns;
  #hasBegun = false;

  constructor(reply: FastifyReply, largeWrites: LargeWrites, turns: SharedTurns) {
    this.#reply = reply;
    this.#largeWrites = largeWrites;
    this.#turns = turns;
  }

  begin(status: number, headers: Readonly<Record<string, string>>): void {
    if (this.#hasBegun) removeOwnHeaders(this.#reply);
    this.#hasBegun = true;
    this.#reply.code(status).headers(headers);
  }

  bytes(body: Buffer | string | undefined): void {
    const size = body?.length ?? 0;
    const turn = isSmall(size) ? undefined : this.#turns.take(size);
    if (turn === undefined) this.#reply.send(body);
    else turn.then(() => this.#reply.send(body));
  }

  stream(pieces: Readable): void {
    this.#reply.send(pieces);
  }

  /**
   * There is no limit without TLS, because the operating system takes such writes without a copy in this process.
   */
  mostAtOnce(bytes: number, client: string): number {
    const { socket } = this.#reply.request.raw;
    if (!('encrypted' in socket && socket.encrypted)) return Number.POSITIVE_INFINITY;
    return this.#largeWrites.most(socket, client, bytes, MOST_WRITTEN);
  }

  closeAfter(): void {
    this.#reply.header('connection', 'close');
  }

  get isGone(): boolean {
    return this.#reply.raw.destroyed;
  }

  whenGone(listener: () => void): void {
    this.#reply.raw.once('close', listener);
  }

  whenSent(listener: (sent: Sent) => void): void {
    const reply = this.#reply;
    reply.raw.once('finish', () =>
      listener({
        status: reply.statusCode,
        bytes: reply.request.method === 'HEAD' ? 0 : Number(reply.getHeader('content-length') ?? 0),
        seconds: reply.elapsedTime / 1000,
        cache: reply.getHeader('cache-status') as string | undefined,
      }),
    );
  }
}

/** Removes the header fields of a response that is replaced. */
export function removeOwnHeaders(reply: FastifyReply): void {
  for (const name of Object.keys(reply.getHeaders())) if (!LASTING.has(name)) reply.removeHeader(name);
}
