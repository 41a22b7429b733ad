import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { ContentPath } from '../../shared/content/content-path.ts';
import { SkerryError } from '../../shared/errors.ts';
import { commitSchema, modeQuerySchema } from '../../shared/wire/api.ts';
import { publishedPath } from '../ingest/published-path.ts';
import { type Api, type ApiContext, needsPublish, needsSiteRead, siteParams } from './context.ts';
import { OBJECT_BYTES, takesRawBodies } from './raw-bodies.ts';

const fileParams = Type.Object({ ...siteParams.properties, '*': Type.String() });

export function fileRoutes(scope: Api, context: ApiContext): void {
  const { files } = context;
  const app = takesRawBodies(scope);

  app.put(
    '/v1/sites/:site/files/*',
    {
      bodyLimit: OBJECT_BYTES,
      onRequest: needsPublish(context),
      schema: { params: fileParams, querystring: modeQuerySchema, response: { 200: commitSchema } },
    },
    async (request) => {
      const { params, query, body } = request;
      const { mode } = query;
      const { commit } = await files.put(params.site, filePath(request), body as Readable, { mode });
      return commit;
    },
  );

  app.delete(
    '/v1/sites/:site/files/*',
    {
      onRequest: needsPublish(context),
      schema: { params: fileParams, querystring: modeQuerySchema, response: { 200: commitSchema } },
    },
    (request) => files.delete(request.params.site, filePath(request), request.query.mode),
  );

  app.get(
    '/v1/sites/:site/files/*',
    { onRequest: needsSiteRead(context), schema: { params: fileParams } },
    async (request, reply) => {
      const { entry, open } = await files.get(request.params.site, filePath(request));
      reply.headers({ etag: `"${entry.digest}"`, 'content-length': entry.size, 'content-type': entry.type });
      // Fastify asks this for HEAD, too, and would read a whole object to throw it away.
      return reply.send(request.method === 'HEAD' ? Readable.from([]) : await open());
    },
  );
}

/** The path as it was sent, decoded exactly once. */
function filePath(request: FastifyRequest): ContentPath {
  const url = request.raw.url ?? '';
  const encoded = /^\/v1\/sites\/[^/]+\/files\/([^?#]*)/.exec(url)?.[1] ?? '';
  try {
    return publishedPath(decodeURIComponent(encoded));
  } catch (error) {
    if (error instanceof SkerryError) throw error;
    throw new SkerryError('bad-path', `the path ${encoded} is not percent-encoded UTF-8`, { cause: error });
  }
}
