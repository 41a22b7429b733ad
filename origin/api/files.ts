import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { ContentPath } from '../../shared/content/content-path.ts';
import { OBJECT_BYTES, takesRawBodies } from '../../shared/http/raw-bodies.ts';
import type { HttpServer } from '../../shared/http/server.ts';
import { commitSchema, modeQuerySchema } from '../../shared/wire/api.ts';
import { detailsOfHeaders } from '../ingest/file-details.ts';
import { pathOfUrl } from '../ingest/published-path.ts';
import { type ApiContext, needs, needsSiteRead, siteParams } from './context.ts';

const fileParams = Type.Object({ ...siteParams.properties, '*': Type.String() });

export function fileRoutes(scope: HttpServer, context: ApiContext): void {
  const { files } = context;
  const app = takesRawBodies(scope);
  const needsChange = needs(context, ({ site = '' }, _query, request) => ({
    ...{ kind: 'change', site },
    path: filePath(request),
  }));

  app.put(
    '/v1/sites/:site/files/*',
    {
      bodyLimit: OBJECT_BYTES,
      onRequest: needsChange,
      schema: {
        summary: 'Publishes one file',
        description:
          'The media type is that of Content-Type, unless it is application/octet-stream or application/x-www-form-urlencoded: then the name decides. Cache-Control, Content-Disposition, Content-Language and X-Skerry-Meta-* are stored with the file and sent to readers.',
        params: fileParams,
        querystring: modeQuerySchema,
        response: { 200: commitSchema },
      },
    },
    async (request) => {
      const { params, query, body } = request;
      const { mode } = query;
      const details = detailsOfHeaders(request.headers);
      const size = announcedSize(request);
      const { commit } = await files.put(params.site, filePath(request), body as Readable, {
        ...{ mode, details, size },
      });
      return commit;
    },
  );

  app.delete(
    '/v1/sites/:site/files/*',
    {
      onRequest: needsChange,
      schema: {
        summary: 'Deletes one file',
        params: fileParams,
        querystring: modeQuerySchema,
        response: { 200: commitSchema },
      },
    },
    (request) => files.delete(request.params.site, filePath(request), request.query.mode),
  );

  app.get(
    '/v1/sites/:site/files/*',
    {
      onRequest: needsSiteRead(context),
      schema: { summary: 'Reads one file of the live revision', params: fileParams },
    },
    async (request, reply) => {
      const { entry, open } = await files.get(request.params.site, filePath(request));
      reply.headers({
        etag: `"${entry.digest}"`,
        'content-length': entry.size,
        'content-type': entry.type,
        ...Object.fromEntries(entry.meta),
        // A stored Cache-Control would let a shared cache send the file to callers without a token.
        vary: 'Authorization',
      });
      // Fastify calls this route for HEAD as well, and without this check it would read a whole object only to discard
      // it.
      return reply.send(request.method === 'HEAD' ? Readable.from([]) : await open());
    },
  );
}

function announcedSize({ headers }: Pick<FastifyRequest, 'headers'>): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

function filePath(request: Pick<FastifyRequest, 'raw'>): ContentPath {
  const [, encoded = ''] = /^\/v1\/sites\/[^/]+\/files\/([^?#]*)/.exec(request.raw.url ?? '') ?? [];
  return pathOfUrl(encoded);
}
