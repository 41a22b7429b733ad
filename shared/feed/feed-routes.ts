import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import { Type } from 'typebox';
import { BUNDLE_TYPE, encodeBundleItem } from '../bundle.ts';
import { DIFF_TYPE, encodeChange, encodeDiffEnd, encodeDiffStart } from '../diff.ts';
import { DIGEST_PATTERN, type Digest, toDigest } from '../digest.ts';
import { verifyEdgeToken } from '../edge-token.ts';
import { SkerryError } from '../errors.ts';
import { encodeFrame, FRAME_TYPE } from '../frame.ts';
import type { DiffCursor } from '../manifest/reading.ts';
import { bundleRequestSchema, edgeReportSchema, joinAnswerSchema, joinRequestSchema } from '../protocol.ts';
import type { ByteRange } from '../store/object-store.ts';
import type { FeedSource } from './feed-source.ts';
import { followLog } from './follow-log.ts';

type FeedServer = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression<RawServerDefault>,
  RawReplyDefaultExpression<RawServerDefault>,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

const DIFF_PAGE = 2000;
const BUNDLE_READ = 64;
const NUMBER = '^(0|[1-9][0-9]{0,14})$';
const MEGABYTE = 1024 * 1024;

/** The feed under /feed/v1. The server's error handler answers what these routes throw. */
export function feedRoutes(app: FeedServer, source: FeedSource, stopping: AbortSignal): void {
  const member = (request: FastifyRequest): Promise<string> => {
    const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
    return verifyEdgeToken(token, source.log, source.clock.now(), (name) => source.members.keyOf(name));
  };
  const membersOnly = async (request: FastifyRequest) => {
    await member(request);
  };

  if (source.join !== undefined) {
    const join = source.join.bind(source);
    app.post(
      '/feed/v1/join',
      { schema: { hide: true, body: joinRequestSchema, response: { 200: joinAnswerSchema } } },
      ({ body }) => join(body),
    );
  }

  app.get(
    '/feed/v1/stream',
    { schema: { hide: true, querystring: Type.Object({ from: Type.String({ pattern: NUMBER }) }) } },
    async (request, reply) => {
      const name = await member(request);
      const from = Number(request.query.from);
      const { seq } = await source.head();
      if (from < 1 || from > seq + 1) {
        throw new SkerryError('beyond-log', `the log ends at ${seq}; nothing follows from ${from}`);
      }
      reply.hijack();
      const disconnected = source.members.connected(name);
      try {
        await writeFrames(reply.raw, source, from, stopping);
      } finally {
        disconnected();
      }
    },
  );

  app.post(
    '/feed/v1/report',
    { bodyLimit: 4 * MEGABYTE, schema: { hide: true, body: edgeReportSchema } },
    async (request, reply) => {
      await source.members.report(await member(request), request.body);
      return reply.code(204).send();
    },
  );

  app.get(
    '/feed/v1/sites/:site/diff',
    {
      onRequest: membersOnly,
      schema: {
        hide: true,
        params: Type.Object({ site: Type.String({ pattern: NUMBER }) }),
        querystring: Type.Object({
          from: Type.String({ pattern: NUMBER }),
          to: Type.String({ pattern: NUMBER }),
        }),
      },
    },
    async (request, reply) => {
      const range = {
        site: Number(request.params.site),
        from: Number(request.query.from),
        to: Number(request.query.to),
      };
      for (const revision of [range.from, range.to]) {
        if (revision === 0 || (await source.holds(range.site, revision))) continue;
        throw new SkerryError(
          'no-longer-held',
          `revision ${revision} of site ${range.site} is not held here`,
        );
      }
      return sendCompressed(request, reply, DIFF_TYPE, diffText(source, range));
    },
  );

  app.post(
    '/feed/v1/bundle',
    { bodyLimit: MEGABYTE, onRequest: membersOnly, schema: { hide: true, body: bundleRequestSchema } },
    async (request, reply) => {
      const digests = request.body.digests.map(toDigest);
      return sendCompressed(request, reply, BUNDLE_TYPE, bundleBytes(source, digests));
    },
  );

  app.get(
    '/feed/v1/objects/:digest',
    {
      onRequest: membersOnly,
      schema: { hide: true, params: Type.Object({ digest: Type.String({ pattern: DIGEST_PATTERN }) }) },
    },
    async (request, reply) => {
      const digest = toDigest(request.params.digest);
      const size = await source.objects.size(digest);
      const range = size === undefined ? undefined : requestedRange(request.headers.range, size);
      const bytes = await source.objects.open(digest, range);
      if (size === undefined || bytes === undefined)
        throw new SkerryError('no-such-object', `the object ${digest} is not held here`);
      if (range !== undefined)
        reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${size}`);
      const length = range === undefined ? size : range.end - range.start + 1;
      return reply.type('application/octet-stream').header('content-length', length).send(bytes);
    },
  );
}

async function writeFrames(raw: ServerResponse, source: FeedSource, from: number, stopping: AbortSignal) {
  const gone = new AbortController();
  raw.once('close', () => gone.abort());
  const signal = AbortSignal.any([stopping, gone.signal]);
  raw.writeHead(200, { 'content-type': FRAME_TYPE, 'cache-control': 'no-store' });
  try {
    for await (const frame of followLog(source, from, signal)) {
      if (signal.aborted) break;
      if (!raw.write(encodeFrame(frame))) await once(raw, 'drain', { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    raw.destroy();
  }
}

async function* diffText(
  source: FeedSource,
  range: { site: number; from: number; to: number },
): AsyncGenerator<string> {
  yield encodeDiffStart(range);
  let cursor: DiffCursor | undefined;
  let changes = 0;
  do {
    const page = await source.diffPage(range.site, range.from, range.to, cursor, DIFF_PAGE);
    if (page.changes.length > 0) yield page.changes.map(encodeChange).join('');
    changes += page.changes.length;
    cursor = page.next;
  } while (cursor !== undefined);
  yield encodeDiffEnd(changes);
}

async function* bundleBytes(source: FeedSource, digests: readonly Digest[]): AsyncGenerator<Buffer> {
  for (let i = 0; i < digests.length; i += BUNDLE_READ) {
    const some = digests.slice(i, i + BUNDLE_READ);
    const found = await source.objects.readSmall(some);
    yield Buffer.concat(some.map((digest) => encodeBundleItem(found.get(digest))));
  }
}

function sendCompressed(
  request: FastifyRequest,
  reply: FastifyReply,
  type: string,
  body: AsyncIterable<string | Buffer>,
): FastifyReply {
  reply.type(type);
  const plain = Readable.from(body);
  if (!/\bzstd\b/.test(String(request.headers['accept-encoding'] ?? ''))) return reply.send(plain);
  const packed = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3 } });
  // A failure reaches the reader as a cut-off body.
  pipeline(plain, packed).catch(() => {});
  return reply.header('content-encoding', 'zstd').send(packed);
}

/** Followers ask for whole chunks: one range with both ends. What is beyond the object is left out. */
function requestedRange(header: string | undefined, size: number): ByteRange | undefined {
  const [, start, end] = /^bytes=([0-9]{1,15})-([0-9]{1,15})$/.exec(header ?? '') ?? [];
  if (start === undefined || end === undefined) {
    if (header === undefined) return undefined;
    throw new SkerryError('bad-request', 'a range is bytes=FIRST-LAST');
  }
  const range = { start: Number(start), end: Math.min(Number(end), size - 1) };
  if (Number(end) < range.start) throw new SkerryError('bad-request', 'a range ends before it begins');
  if (range.start >= size) throw new SkerryError('range-not-satisfiable', `the object has ${size} bytes`);
  return range;
}
