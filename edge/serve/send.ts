import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { Answer } from './answer.ts';
import { cacheStatus } from './cache-status.ts';
import type { Bodies } from './content.ts';
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
      const found = await bodies.body(body.representation, body.range);
      begin().header('cache-status', cacheStatus(found.cache));
      if (found.kind === 'stream') reply.send(found.stream);
      else if (found.bytes.length <= SLICE_BYTES) reply.send(found.bytes);
      else reply.send(Readable.from(slices(found.bytes)));
      return;
    }
    case 'parts': {
      const first = await bodies.body(body.representation, body.layout.parts[0]?.range);
      if (first.kind === 'stream') first.stream.destroy();
      begin().header('cache-status', cacheStatus(first.cache));
      reply.send(Readable.from(parts(body.representation, body.layout, bodies), { objectMode: false }));
    }
  }
}

function* slices(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) yield bytes.subarray(at, at + SLICE_BYTES);
}

async function* parts(
  representation: Representation,
  { parts, tail }: MultipartLayout,
  bodies: Bodies,
): AsyncGenerator<Buffer> {
  for (const { head, range } of parts) {
    yield Buffer.from(head);
    const found = await bodies.body(representation, range);
    if (found.kind === 'bytes') yield* slices(found.bytes);
    else yield* found.stream as AsyncIterable<Buffer>;
  }
  yield Buffer.from(tail);
}
