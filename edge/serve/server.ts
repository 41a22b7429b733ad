import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Logger } from 'pino';
import type { Entry } from '../../shared/entry.ts';
import { hasCode } from '../../shared/errors.ts';
import type { SiteView } from '../activate/messages.ts';
import { isNotModified, rangeApplies } from './conditional.ts';
import type { Content } from './content.ts';
import type { Counters } from './counters.ts';
import { contentType, entryHeaders, etagOf, REVALIDATE, wantsReprDigest } from './headers.ts';
import { decideRange } from './range.ts';
import { encodePath, requestPath } from './request-path.ts';
import { resolve } from './resolve.ts';
import type { Views } from './views.ts';

const KEEP_ALIVE_MS = 65_000;
const TEXT = 'text/plain; charset=utf-8';

/** The server that readers reach. It publishes nothing but what the active revisions hold. */
export function buildServer(
  views: Views,
  content: Content,
  counters: Counters,
  log: Logger,
): FastifyInstance {
  const app: FastifyInstance = Fastify({
    loggerInstance: log as FastifyBaseLogger,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // The router only matches `/*`; the path is read from the raw target, once.
    routerOptions: { maxParamLength: 16 * 1024, onBadUrl: (_path, _request, response) => refuse(response) },
    exposeHeadRoutes: false,
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  app.setErrorHandler((error, request, reply) => {
    if (hasCode(error, 'no-such-object')) {
      log.error({ err: error, url: request.url }, 'an object is missing');
      return reply.code(503).header('retry-after', '5').type(TEXT).send('Being repaired\n');
    }
    log.error({ err: error, url: request.url }, 'a request failed');
    return reply.code(500).type(TEXT).send('Internal error\n');
  });

  app.route({ method: ['GET', 'HEAD'], url: '/*', handler: answer });
  app.setNotFoundHandler((_request, reply) => {
    return reply.code(405).header('allow', 'GET, HEAD').type(TEXT).send('Method not allowed\n');
  });
  return app;

  async function answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    let sites = views.current();
    while (sites instanceof Promise) {
      await sites;
      sites = views.current();
    }
    const view = sites.find(request.headers.host);
    if (view === undefined) return reply.code(404).type(TEXT).send('No site is served under this host\n');
    answerFrom(view, request, reply);
    counters.count(view.name, reply.statusCode, sentBytes(reply));
    return reply;
  }

  function answerFrom(view: SiteView, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { id, name, revision } = view;
    if (revision === 0) {
      return reply
        .code(503)
        .header('retry-after', '1')
        .type(TEXT)
        .send('Nothing has been published here yet\n');
    }
    if (view.needsLease && !views.hasLease()) {
      return reply
        .code(503)
        .header('retry-after', '1')
        .type(TEXT)
        .send('This edge has lost its origin and may be behind\n');
    }
    reply.header('skerry-revision', `${name}@${revision}`).header('x-content-type-options', 'nosniff');
    const path = requestPath(request.raw.url ?? '');
    if (path.kind === 'malformed') return reply.code(400).type(TEXT).send('Malformed path\n');
    const resolution = resolve(path, (wanted) => content.entry(id, revision, wanted));
    if (resolution.kind === 'entry' && !isHeld(resolution.entry, view))
      return reply.code(421).type(TEXT).send('This edge holds other paths of the site\n');
    switch (resolution.kind) {
      case 'entry':
        return sendEntry(resolution.entry, request, reply);
      case 'redirect':
        return (
          reply
            .code(301)
            // Without it a browser would keep the redirect long after the folder has become a file.
            .header('cache-control', REVALIDATE)
            .header('location', `${encodePath(resolution.folder)}/${query(request)}`)
            .send()
        );
      case 'absent':
        return sendAbsent(
          resolution.page && isHeld(resolution.page, view) ? resolution.page : undefined,
          request,
          reply,
        );
    }
  }

  function sendEntry(entry: Entry, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { headers } = request;
    const validators = { etag: etagOf(entry), modified: entry.time };
    const wantsDigest = wantsReprDigest(headers['want-repr-digest'] as string | undefined);
    reply.headers(entryHeaders(entry, wantsDigest)).header('accept-ranges', 'bytes');
    if (isNotModified(headers, validators))
      return reply.code(304).header('cache-status', 'Skerry; hit').send();
    const isRanged =
      request.method === 'GET' && rangeApplies(headers['if-range'] as string | undefined, validators);
    const decision = decideRange(isRanged ? headers.range : undefined, entry.size);
    if (decision.kind === 'unsatisfiable') {
      return reply.code(416).header('content-range', `bytes */${entry.size}`).send();
    }
    if (decision.kind === 'whole') return sendBody(entry, undefined, request, reply);
    const { start, end } = decision.range;
    reply.code(206).header('content-range', `bytes ${start}-${end}/${entry.size}`);
    return sendBody(entry, decision.range, request, reply);
  }

  function sendAbsent(page: Entry | undefined, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    reply.code(404).header('cache-control', 'no-cache');
    if (page === undefined) return reply.type(TEXT).send('Not found\n');
    return sendBody(page, undefined, request, reply);
  }

  function sendBody(
    entry: Entry,
    range: { start: number; end: number } | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): FastifyReply {
    const length = range === undefined ? entry.size : range.end - range.start + 1;
    reply.header('content-type', contentType(entry.type)).header('content-length', length);
    if (request.method === 'HEAD') return reply.header('cache-status', 'Skerry; hit').send();
    const body = content.body(entry, range);
    reply.header('cache-status', `Skerry; hit; detail=${body.tier}`);
    return reply.send(body.kind === 'bytes' ? body.bytes : body.stream);
  }
}

function isHeld({ path }: Entry, { prefixes }: SiteView): boolean {
  return prefixes === null || prefixes.some((prefix) => path.startsWith(prefix));
}

function query(request: FastifyRequest): string {
  const url = request.raw.url ?? '';
  const start = url.indexOf('?');
  return start === -1 ? '' : url.slice(start);
}

function sentBytes(reply: FastifyReply): number {
  return reply.request.method === 'HEAD' ? 0 : Number(reply.getHeader('content-length') ?? 0);
}

function refuse(response: unknown): void {
  const raw = response as import('node:http').ServerResponse;
  raw.writeHead(400, { 'content-type': TEXT }).end('Malformed path\n');
}
