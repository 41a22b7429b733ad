import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Encoded } from '../delta/encodings.ts';

export const accepts = (request: FastifyRequest, coding: string) =>
  new RegExp(`\\b${coding}\\b`).test(String(request.headers['accept-encoding'] ?? ''));

export function sendEncoded(reply: FastifyReply, type: string, { coding, bytes }: Encoded): FastifyReply {
  if (coding !== 'identity') reply.header('content-encoding', coding);
  return reply.type(type).header('vary', 'accept-encoding, available-dictionary').send(bytes);
}

/** Compresses a body while it is sent, if the follower accepts that. */
export function sendCompressed(
  request: FastifyRequest,
  reply: FastifyReply,
  type: string,
  body: AsyncIterable<string | Buffer> | Iterable<string | Buffer>,
): FastifyReply {
  reply.type(type);
  const plain = Readable.from(body);
  if (!accepts(request, 'zstd')) return reply.send(plain);
  const packed = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3 } });
  // After a failure, the follower receives a body that is cut off.
  pipeline(plain, packed).catch(() => {});
  return reply.header('content-encoding', 'zstd').send(packed);
}
