import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { SkerryError } from '../../shared/errors.ts';
import { isSmall } from '../../shared/store/object-reader.ts';
import { TAKEN } from '../lazy/pieces.ts';
import { type Answer, textAnswer } from './answer.ts';
import { cacheStatus } from './cache-status.ts';
import type { Bodies, Body } from './content.ts';
import type { Exchange } from './exchanges.ts';
import type { MultipartLayout } from './multipart-range.ts';
import { Pace } from './pace.ts';
import type { Representation } from './representation.ts';

/** What is written at once of an object in memory: as it is when it is no larger, else in slices. */
interface SliceSizes {
  readonly least: number;
  readonly most: number;
}
/** A megabyte within the time that a reader may take nothing is what the slowest are held to. */
const PLAIN_SLICES: SliceSizes = { least: 1024 * 1024, most: 4 * 1024 * 1024 };
/** What is encrypted or framed is copied: a reader who reads nothing must not cost much. */
const COPIED_SLICES: SliceSizes = { least: 128 * 1024, most: 1024 * 1024 };

/** Progress is what the source is asked for: a response that never fills a buffer never drains one. */
export type SentExchange = Pick<Exchange, 'beginBody' | 'progressed'>;

/** Sends what was decided. Throws `no-such-object`, before anything is sent, when bytes are missing. */
export async function send(
  answer: Answer,
  bodies: Bodies,
  exchange: SentExchange,
  reply: FastifyReply,
): Promise<void> {
  const { status, headers, body } = answer;
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
      if (!(await mayBegin(body.representation, exchange, reply))) return tooBusy(reply);
      const found = await bodies.body(body.representation, body.range, whenGone(reply));
      // Nobody would end the stream of a reader who has left.
      if (isGone(reply)) return leave(found);
      begin().header('cache-status', cacheStatus(found.cache));
      if (found.kind === 'stream') {
        reply.send(found.stream.on(TAKEN, exchange.progressed));
        return;
      }
      if (found.release !== undefined) (reply.raw as RawResponse).once('close', found.release);
      const sizes = sizesFor(reply);
      reply.send(found.bytes.length <= sizes.least ? found.bytes : sliced(found.bytes, sizes, exchange));
      return;
    }
    case 'parts': {
      if (!(await mayBegin(body.representation, exchange, reply))) return tooBusy(reply);
      const first = await bodies.body(body.representation, body.layout.parts[0]?.range, whenGone(reply));
      leave(first);
      if (isGone(reply)) return;
      begin().header('cache-status', cacheStatus(first.cache));
      reply.send(
        Readable.from(parts(body.representation, body.layout, bodies, exchange, reply), {
          objectMode: false,
          highWaterMark: 1,
        }),
      );
    }
  }
}

/** A body that is not small holds a file or memory while it is sent: it begins when there is room for it. */
async function mayBegin(
  { size }: Representation,
  exchange: SentExchange,
  reply: FastifyReply,
): Promise<boolean> {
  return isSmall(size) || exchange.beginBody(whenGone(reply));
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
  readonly stream?: { readonly destroyed: boolean; readonly closed: boolean };
  once(event: 'close', listener: () => void): void;
}

function isGone(reply: FastifyReply): boolean {
  const { destroyed, stream } = reply.raw as RawResponse;
  return destroyed || stream?.destroyed === true || stream?.closed === true;
}

function whenGone(reply: FastifyReply): Promise<never> {
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

function sizesFor({ request }: FastifyReply): SliceSizes {
  return 'encrypted' in request.raw.socket && request.raw.socket.encrypted ? COPIED_SLICES : PLAIN_SLICES;
}

function sliced(bytes: Buffer, sizes: SliceSizes, exchange: SentExchange): Readable {
  return Readable.from(slices(bytes, sizes, exchange), { objectMode: false, highWaterMark: 1 });
}

function* slices(bytes: Buffer, { least, most }: SliceSizes, exchange: SentExchange): Generator<Buffer> {
  const pace = new Pace(least);
  for (let at = 0; at < bytes.length; ) {
    const slice = bytes.subarray(at, at + pace.next(most, performance.now()));
    at += slice.length;
    exchange.progressed();
    yield slice;
  }
}

async function* parts(
  representation: Representation,
  { parts, tail }: MultipartLayout,
  bodies: Bodies,
  exchange: SentExchange,
  reply: FastifyReply,
): AsyncGenerator<Buffer> {
  const gone = whenGone(reply);
  const sizes = sizesFor(reply);
  for (const { head, range } of parts) {
    yield Buffer.from(head);
    const found = await bodies.body(representation, range, gone);
    if (found.kind === 'stream') {
      yield* found.stream.on(TAKEN, exchange.progressed) as AsyncIterable<Buffer>;
      continue;
    }
    try {
      yield* slices(found.bytes, sizes, exchange);
    } finally {
      found.release?.();
    }
  }
  yield Buffer.from(tail);
}
