import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { ContentPath } from '../../shared/content/content-path.ts';
import type { Entry } from '../../shared/content/entry.ts';
import { SkerryError } from '../../shared/errors.ts';
import { commitSchema, modeQuerySchema } from '../../shared/wire/api.ts';
import type { SiteRow } from '../catalog/site-calls.ts';
import { publishedPath } from '../ingest/published-path.ts';
import { committed } from './committed.ts';
import { type Api, type ApiContext, needsPublish, needsSiteRead, siteParams } from './context.ts';
import { OBJECT_BYTES, takesRawBodies } from './raw-bodies.ts';

const fileParams = Type.Object({ ...siteParams.properties, '*': Type.String() });

export function fileRoutes(scope: Api, context: ApiContext): void {
  const { catalog, store, intake, fileChanges, rules, noteAct } = context;
  const app = takesRawBodies(scope);

  app.put(
    '/v1/sites/:site/files/*',
    {
      bodyLimit: OBJECT_BYTES,
      onRequest: needsPublish(context),
      schema: { params: fileParams, querystring: modeQuerySchema, response: { 200: commitSchema } },
    },
    async (request) => {
      const path = filePath(request);
      const site = await catalog.siteNamed(request.params.site);
      const object = await intake.take(site.id, request.body as Readable);
      // Here too: others that share its commit are not refused with it.
      await rules.check(site.id, { path, ...object });
      const commit = await fileChanges.add(site.id, { kind: 'put', path, object }, request.query.mode);
      noteAct('file-put', { site: site.name, path, ...committed(commit) });
      return commit;
    },
  );

  app.delete(
    '/v1/sites/:site/files/*',
    {
      onRequest: needsPublish(context),
      schema: { params: fileParams, querystring: modeQuerySchema, response: { 200: commitSchema } },
    },
    async (request) => {
      const path = filePath(request);
      const site = await catalog.siteNamed(request.params.site);
      await entryAt(site, site.tip, path);
      const commit = await fileChanges.add(site.id, { kind: 'delete', path }, request.query.mode);
      noteAct('file-delete', { site: site.name, path, ...committed(commit) });
      return commit;
    },
  );

  app.get(
    '/v1/sites/:site/files/*',
    { onRequest: needsSiteRead(context), schema: { params: fileParams } },
    async (request, reply) => {
      const site = await catalog.siteNamed(request.params.site);
      const entry = await entryAt(site, site.revision, filePath(request));
      reply.headers({ etag: `"${entry.digest}"`, 'content-length': entry.size, 'content-type': entry.type });
      // Fastify asks this for HEAD, too, and would read a whole object to throw it away.
      if (request.method === 'HEAD') return reply.send(Readable.from([]));
      const bytes = await store.open(entry.digest);
      if (bytes === undefined)
        throw new SkerryError('no-such-object', `the object ${entry.digest} is not stored`);
      return reply.send(bytes);
    },
  );

  async function entryAt(site: SiteRow, revision: number, path: ContentPath): Promise<Entry> {
    const entry = await catalog.entryAt(site.id, revision, path);
    if (entry === undefined) throw new SkerryError('no-such-file', `${site.name} has no file ${path}`);
    return entry;
  }
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
