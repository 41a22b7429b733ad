import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { Answer } from './answer.ts';
import type { Body, Content } from './content.ts';
import type { MultipartLayout } from './multipart-range.ts';
import type { Representation } from './representation.ts';

/** What is written at once of an object in memory, where a slow reader keeps it from being freed. */
const SLICE_BYTES = 4 * 1024 * 1024;

/** Sends what was decided. Throws `no-such-object`, before anything is sent, when bytes are missing. */
export function send(answer: Answer, content: Content, reply: FastifyReply): FastifyReply {
  const { status, headers, body } = answer;
  switch (body.kind) {
    case 'none':
      return reply.code(status).headers(headers).header('cache-status', 'Skerry; hit').send();
    case 'text':
      return reply.code(status).headers(headers).send(body.text);
    case 'bytes': {
      const found = content.body(body.representation, body.range);
      reply.code(status).headers(headers).header('cache-status', cacheStatus(found.tier));
      if (found.kind === 'stream') return reply.send(found.stream);
      return reply.send(found.bytes.length <= SLICE_BYTES ? found.bytes : Readable.from(slices(found.bytes)));
    }
    case 'parts': {
      const first = content.body(body.representation, body.layout.parts[0]?.range);
      if (first.kind === 'stream') first.stream.destroy();
      reply.code(status).headers(headers).header('cache-status', cacheStatus(first.tier));
      return reply.send(
        Readable.from(parts(body.representation, body.layout, content), { objectMode: false }),
      );
    }
  }
}

export const cacheStatus = (tier: Body['tier']) => `Skerry; hit; detail=${tier}`;

function* slices(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) yield bytes.subarray(at, at + SLICE_BYTES);
}

async function* parts(
  representation: Representation,
  { parts, tail }: MultipartLayout,
  content: Content,
): AsyncGenerator<Buffer> {
  for (const { head, range } of parts) {
    yield Buffer.from(head);
    const found = content.body(representation, range);
    if (found.kind === 'bytes') yield* slices(found.bytes);
    else yield* found.stream as AsyncIterable<Buffer>;
  }
  yield Buffer.from(tail);
}
