import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { SkerryError } from '../../shared/errors.ts';
import { takesRawBodies } from '../../shared/http/raw-bodies.ts';
import type { HttpServer } from '../../shared/http/server.ts';
import { commitSchema } from '../../shared/wire/api.ts';
import { BUNDLE_TYPE } from '../../shared/wire/bundle.ts';
import {
  type CommitRequest,
  commitRequestSchema,
  type Deploy,
  deployFileSchema,
  deployHeaderSchema,
  deploySchema,
  type OpenDeploy,
  openDeploySchema,
} from '../../shared/wire/deploy-api.ts';
import { MAX_UPLOAD_BYTES, objectsOfBundle, uploadedSchema } from '../../shared/wire/object-bundle.ts';
import { commitLimits } from '../access/commit-rights.ts';
import { publishRights, requirePermission } from '../access/permission.ts';
import { committed } from '../callers/committed.ts';
import { missingObjects } from '../catalog/deploy-pages.ts';
import { deployFromJson, deployFromLines } from '../ingest/deploy-lines.ts';
import { createDeploy } from '../ingest/deploys.ts';
import { PieceTurns } from '../ingest/piece-turns.ts';
import { unpacked } from '../ingest/unpack.ts';
import { authenticate, scopesOf } from './authorize.ts';
import { checkAsked, commitOptions } from './commit-request.ts';
import { type ApiContext, needsUpload, siteParams } from './context.ts';
import { keyHeader, repeatable } from './repeatable.ts';

/** The body is a stream, which a schema cannot check. */
const bundleBody = Type.Unsafe<Readable>({
  description:
    'For each object its size (u32, big-endian) and its bytes. An object has at most 64 KiB, a bundle at most 100,000 objects and 256 MiB. `Content-Encoding: zstd` is accepted.',
});

/** The body is read as a stream. The schema describes its JSON, and requires nothing of the stream. */
const deployBody = Type.Unsafe<Readable>({
  ...Type.Object({
    ...deployHeaderSchema.properties,
    files: Type.Optional(Type.Record(Type.String(), deployFileSchema)),
    delete: Type.Optional(Type.Array(Type.String())),
  }),
  description:
    'JSON, or NDJSON: the header may come first, and each further line is a file, with its path, or a deletion.',
});

const deployParams = Type.Object({ id: Type.String() });

/** The limit has room for the five million files of the largest deploy. */
const DEPLOY_BYTES = 2 * 1024 * 1024 * 1024;

export function deployRoutes(app: HttpServer, context: ApiContext): void {
  const { catalog, clock, committer, intake, ahead, keys, noteAct } = context;
  const pieces = new PieceTurns();

  app.get(
    '/v1/deploys/:id',
    {
      onRequest: needsUploadOfDeploy,
      schema: {
        summary: 'Shows a deploy',
        description:
          'Tells which objects are still missing, so that an interrupted publish goes on without naming its files again. A deploy expires 24 hours after it was begun.',
        params: deployParams,
        response: { 200: openDeploySchema },
      },
    },
    async (request, reply) => {
      const { id, siteName: site, base, result } = await catalog.deploy(request.params.id);
      const known = { site, base, committed: result?.revision ?? null };
      // Fastify sends a stream unchanged. The schema describes its JSON.
      return reply
        .type('application/json')
        .send(Readable.from(deployAnswer(id, known)) as unknown as OpenDeploy);
    },
  );

  app.delete(
    '/v1/deploys/:id',
    {
      onRequest: needsUploadOfDeploy,
      schema: {
        summary: 'Gives up a deploy',
        description:
          'Objects that nothing else refers to are deleted later. If the deploy is committed already, its revision stays.',
        params: deployParams,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      await catalog.dropDeploy(request.params.id);
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/v1/deploys/:id/commit',
    {
      onRequest: needsUploadOfDeploy,
      schema: {
        summary: 'Makes a revision of a deploy',
        params: deployParams,
        body: Type.Union([commitRequestSchema, Type.Null()]),
        response: { 200: commitSchema },
      },
    },
    async (request) => {
      const { params } = request;
      // The type of the schema does not say that a request may have no body.
      const body: CommitRequest | null = request.body ?? null;
      const { site: number, siteName: site } = await catalog.deploy(params.id);
      ahead.offerRest(number);
      const options = commitOptions(body ?? {});
      await checkAsked(context, site, options.rollout);
      const alias = options.draft && (options.draft.alias ?? null);
      const within = commitLimits(publishRights(scopesOf(request), site), { site, alias });
      const commit = await committer.commitDeploy(params.id, { ...options, within });
      noteAct('publish', { site, ...committed(commit), message: body?.message });
      return commit;
    },
  );

  app.register(async (scope) => {
    const raw = takesRawBodies(scope as HttpServer);

    raw.post(
      '/v1/sites/:site/deploys',
      {
        bodyLimit: DEPLOY_BYTES,
        onRequest: needsUpload(context),
        schema: {
          summary: 'Begins a deploy: names its files, and tells which objects are missing',
          headers: keyHeader,
          consumes: ['application/json', 'application/x-ndjson'],
          params: siteParams,
          body: deployBody,
          response: { 200: deploySchema },
        },
      },
      async (request, reply) => {
        const site = await catalog.siteNamed(request.params.site);
        const body = pieces.of(site.id, request.body as Readable);
        const isLines = /ndjson|jsonl/.test(request.headers['content-type'] ?? '');
        let missing: readonly string[] | undefined;
        const id = await keys.deployOf(repeatable(request), body, async (body) => {
          const files = isLines ? deployFromLines(body) : deployFromJson(body);
          const opened = await createDeploy(catalog, clock, site, files);
          missing = opened.missing;
          return opened.id;
        });
        if (missing !== undefined) return { id, missing: [...missing] };
        // Fastify sends a stream unchanged. The schema describes its JSON.
        return reply.type('application/json').send(Readable.from(deployAnswer(id)) as unknown as Deploy);
      },
    );

    raw.post(
      '/v1/sites/:site/objects',
      {
        bodyLimit: MAX_UPLOAD_BYTES,
        onRequest: needsUpload(context),
        schema: {
          summary: 'Uploads many small objects',
          description:
            'Uploads many small objects in one request. The origin hashes them. If an object arrives damaged, the intended object stays missing, and the commit names it.',
          consumes: [BUNDLE_TYPE],
          params: siteParams,
          body: bundleBody,
          response: { 200: uploadedSchema },
        },
      },
      async (request) => {
        const { 'content-type': type = '', 'content-encoding': encoding } = request.headers;
        if (mediaTypeOf(type) !== BUNDLE_TYPE)
          throw new SkerryError('bad-request', `the content type must be ${BUNDLE_TYPE}`);
        const site = await catalog.siteNamed(request.params.site);
        return intake.takeBundle(site.id, objectsOfBundle(unpacked(request.body, encoding)));
      },
    );
  });

  async function needsUploadOfDeploy(request: FastifyRequest): Promise<void> {
    const token = await authenticate(request, context);
    request.token = token;
    const { id } = request.params as { id: string };
    const deploy = await catalog.deploy(id).catch((error: unknown) => {
      // A deploy that does not exist has no site whose rights could be checked. Only a caller who may read everything
      // learns that the deploy does not exist.
      requirePermission(token.scopes, { kind: 'read' });
      throw error;
    });
    requirePermission(token.scopes, { kind: 'upload', site: deploy.siteName });
  }

  /** The response is a stream, because the first publish of a million files lacks a million objects. */
  async function* deployAnswer(id: string, known: object = {}): AsyncGenerator<string> {
    const members = JSON.stringify({ id, ...known }).slice(1, -1);
    yield `{${members},"missing":[`;
    let separator = '';
    for await (const digest of missingObjects(catalog, id)) {
      yield `${separator}"${digest}"`;
      separator = ',';
    }
    yield ']}';
  }
}

function mediaTypeOf(contentType: string): string {
  return (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
}
