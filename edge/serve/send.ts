import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { SkerryError } from '../../shared/errors.ts';
import type { Answer } from './answer.ts';
import { cacheStatus } from './cache-status.ts';
import type { Bodies, Body } from './content.ts';
import type { MultipartLayout } from './multipart-range.ts';
import type { Representation } from './representation.ts';

/** What is written at once of an object in memory, where a slow reader keeps it from being freed. */
const SLICE_BYTES = 4 * 1024 * 1024;

/** Sends what was decided. Throws `no-such-object`, before anything is sent, when bytes are missing. */
export async function send(answer: Answer, bodies: Bodies, reply: FastifyReply): Promise<void> {
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
      const found = await bodies.body(body.representation, body.range, whenGone(reply));
      // Nobody would end the stream of a reader who has left.
      if (isGone(reply)) return leave(found);
      begin().header('cache-status', cacheStatus(found.cache));
      if (found.kind === 'stream') reply.send(found.stream);
      else if (found.bytes.length <= SLICE_BYTES) reply.send(found.bytes);
      else reply.send(Readable.from(slices(found.bytes)));
      return;
    }
    case 'parts': {
      const first = await bodies.body(body.representation, body.layout.parts[0]?.range, whenGone(reply));
      leave(first);
      if (isGone(reply)) return;
      begin().header('cache-status', cacheStatus(first.cache));
      reply.send(
        Readable.from(parts(body.representation, body.layout, bodies, whenGone(reply)), {
          objectMode: false,
        }),
      );
    }
  }
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
}

function* slices(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) yield bytes.subarray(at, at + SLICE_BYTES);
}

async function* parts(
  representation: Representation,
  { parts, tail }: MultipartLayout,
  bodies: Bodies,
  gone: Promise<never>,
): AsyncGenerator<Buffer> {
  for (const { head, range } of parts) {
    yield Buffer.from(head);
    const found = await bodies.body(representation, range, gone);
    if (found.kind === 'bytes') yield* slices(found.bytes);
    else yield* found.stream as AsyncIterable<Buffer>;
  }
  yield Buffer.from(tail);
}
