import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { SkerryError } from '../../shared/errors.ts';
import { isSmall } from '../../shared/store/object-reader.ts';
import { TAKEN } from '../read-through/pieces.ts';
import type { Bodies, Body, WaitingReader } from './bytes/content.ts';
import { slices, streamOf } from './bytes/slices.ts';
import type { Exchange } from './connection/exchanges.ts';
import { type Connection, LargeWrites, LEAST_WRITTEN } from './connection/large-writes.ts';
import { cacheStatus } from './http/cache-status.ts';
import type { MultipartLayout } from './http/multipart-range.ts';
import type { Representation } from './http/representation.ts';
import { type Answer, textAnswer } from './site/answer.ts';

/** One write over TLS while there is room for it. */
const MOST_WRITTEN = 1024 * 1024;
/** The same in a stream of HTTP/2, whose progress shows by whole writes alone. */
const MOST_OF_STREAM = 256 * 1024;
const BYTES = { objectMode: false, highWaterMark: 1 };
const LARGE_WRITES = new LargeWrites();

/** Progress is what the source is asked for: a response that never fills a buffer never drains one. */
export type SentExchange = Pick<Exchange, 'client' | 'beginBody' | 'progressed'>;

/** Sends what was decided. Throws `no-such-object`, before anything is sent, when bytes are missing. */
export async function send(
  answer: Answer,
  bodies: Bodies,
  exchange: SentExchange,
  reply: FastifyReply,
): Promise<void> {
  const { status, headers, body } = answer;
  const gone = whenGone(reply);
  const reader = { client: exchange.client, gone };
  // Not before the bytes are found: an error has other headers.
  const begin = () => reply.code(status).headers(headers);
  switch (body.kind) {
    case 'none':
      begin().header('cache-status', 'Skerry; hit').send();
      return;
    case 'text':
      begin().send(body.text);
      return;
    case 'bytes': {
      if (!(await mayBegin(body.representation, exchange, gone))) return tooBusy(reply);
      const found = await bodies.body(body.representation, body.range, reader);
      // Nobody would end the stream of a reader who has left.
      if (isGone(reply)) return leave(found);
      begin().header('cache-status', cacheStatus(found.cache));
      if (found.kind === 'stream') {
        const pieces = found.stream.on(TAKEN, exchange.progressed);
        const most = mostAtOnce(lengthOf(body), exchange.client, reply);
        reply.send(
          most >= Math.min(lengthOf(body), MOST_WRITTEN)
            ? pieces
            : slicedStream(pieces, most, exchange.progressed),
        );
        return;
      }
      if (found.release !== undefined) (reply.raw as RawResponse).once('close', found.release);
      const most = mostAtOnce(found.bytes.length, exchange.client, reply);
      reply.send(
        found.bytes.length <= most ? found.bytes : streamOf(slices(found.bytes, most, exchange.progressed)),
      );
      return;
    }
    case 'parts': {
      if (!(await mayBegin(body.representation, exchange, gone))) return tooBusy(reply);
      const first = await bodies.body(body.representation, body.layout.parts[0]?.range, reader);
      leave(first);
      if (isGone(reply)) return;
      begin().header('cache-status', cacheStatus(first.cache));
      // Now, while there is somebody to give it back: the first piece is asked for later.
      const most = mostAtOnce(body.representation.size, exchange.client, reply);
      reply.send(
        Readable.from(parts(body.representation, body.layout, bodies, exchange, most, reader), BYTES),
      );
    }
  }
}

/** A body that is not small holds a file or memory while it is sent: it begins when there is room for it. */
function mayBegin(
  { size }: Representation,
  exchange: SentExchange,
  gone: () => Promise<never>,
): boolean | Promise<boolean> {
  return isSmall(size) || exchange.beginBody(gone);
}

function tooBusy(reply: FastifyReply): void {
  const { status, headers, body } = textAnswer(503, 'Too many large files are being sent\n', {
    'retry-after': '5',
  });
  reply
    .code(status)
    .headers(headers)
    .send(body.kind === 'text' ? body.text : '');
}

/** The response may be one of HTTP/2, whose stream tells. */
interface RawResponse {
  readonly destroyed: boolean;
  readonly stream?: {
    readonly destroyed: boolean;
    readonly closed: boolean;
    readonly session?: Connection | undefined;
  };
  once(event: 'close', listener: () => void): void;
}

function isGone(reply: FastifyReply): boolean {
  const { destroyed, stream } = reply.raw as RawResponse;
  return destroyed || stream?.destroyed === true || stream?.closed === true;
}

/** Most readers wait for nothing: a promise is made for those who do. */
function whenGone(reply: FastifyReply): () => Promise<never> {
  let gone: Promise<never> | undefined;
  return () => {
    gone ??= leavingOf(reply);
    return gone;
  };
}

function leavingOf(reply: FastifyReply): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  const leaving = () => reject(new SkerryError('unavailable', 'the reader has left'));
  if (isGone(reply)) leaving();
  else (reply.raw as RawResponse).once('close', leaving);
  return promise;
}

function leave(body: Body): void {
  if (body.kind === 'stream') body.stream.destroy();
  else body.release?.();
}

/** A plain socket sends a write of any size from where it is. */
function mostAtOnce(bytes: number, client: string, { request, raw }: FastifyReply): number {
  const { socket } = request.raw;
  if (!('encrypted' in socket && socket.encrypted)) return Number.POSITIVE_INFINITY;
  const { stream } = raw as RawResponse;
  if (stream === undefined) return LARGE_WRITES.most(socket, client, bytes, MOST_WRITTEN);
  const { session } = stream;
  return session === undefined ? LEAST_WRITTEN : LARGE_WRITES.most(session, client, bytes, MOST_OF_STREAM);
}

function lengthOf({ representation, range }: Extract<Answer['body'], { kind: 'bytes' }>): number {
  return range === undefined ? representation.size : range.end - range.start + 1;
}

/** The pieces of a stream, none larger than may be written at once. */
async function* slicesOf(stream: Readable, most: number, taken: () => void): AsyncGenerator<Buffer> {
  for await (const piece of stream as AsyncIterable<Buffer>) yield* slices(piece, most, taken);
}

/** One that is closed before anything was asked of it has begun no loop that would close the pieces. */
function slicedStream(pieces: Readable, most: number, taken: () => void): Readable {
  return Readable.from(slicesOf(pieces, most, taken), BYTES).once('close', () => pieces.destroy());
}

async function* parts(
  representation: Representation,
  { parts, tail }: MultipartLayout,
  bodies: Bodies,
  exchange: SentExchange,
  most: number,
  reader: WaitingReader,
): AsyncGenerator<Buffer> {
  for (const { head, range } of parts) {
    yield Buffer.from(head);
    const found = await bodies.body(representation, range, reader);
    if (found.kind === 'stream') {
      yield* slicesOf(found.stream.on(TAKEN, exchange.progressed), most, exchange.progressed);
      continue;
    }
    try {
      yield* slices(found.bytes, most, exchange.progressed);
    } finally {
      found.release?.();
    }
  }
  yield Buffer.from(tail);
}
