import { Readable } from 'node:stream';
import { type TSchema, Type } from 'typebox';
import { NODE_COUNT } from '../../shared/content/buckets.ts';
import type { Digest } from '../../shared/content/digest.ts';
import type { Entry } from '../../shared/content/entry.ts';
import type { DiffCursor, ManifestCursor } from '../../shared/content/manifest/reading.ts';
import type { HttpServer } from '../../shared/http/server.ts';
import {
  commitSchema,
  contentDigestsSchema,
  type DiffLine,
  diffLineSchema,
  type ManifestLine,
  manifestLineSchema,
  revisionSchema,
  revisionWithReceiptsSchema,
  rollbackRequestSchema,
} from '../../shared/wire/api.ts';
import { committed } from '../callers/committed.ts';
import { type ApiContext, needsPublish, needsSiteRead, siteParams } from './context.ts';
import { EXPORTED, JSON_TYPE, receiptFileAnswer } from './receipt-file-answer.ts';
import { keyHeader, once } from './repeatable.ts';

const PAGE = 2000;
/** A call is as long as one of a page, because calls of others wait for it. */
const NODES_PER_CALL = 16;
const LINES = 'application/x-ndjson';
const REVISION = '^[1-9][0-9]{0,14}$';
/** Fastify sends a stream unchanged. The schema describes one of its lines. */
const linesOf = (line: TSchema, description: string) => ({
  200: { description, content: { [LINES]: { schema: Type.Unsafe<unknown>(line) } } },
});
const revisionParams = Type.Object({
  ...siteParams.properties,
  revision: Type.String({ pattern: REVISION }),
});
const receiptQuery = Type.Object(
  {
    record: Type.Optional(
      Type.String({
        pattern: '^[1-9][0-9]{0,14}$',
        description:
          'The step of a rollout that shows the revision, or the abort after which it is shown again. Without it: the record that made it live, or the last step if it never was.',
      }),
    ),
  },
  { additionalProperties: false },
);
/** A number from 0 to 255. */
const NODE = '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';
const manifestQuery = Type.Object(
  {
    nodes: Type.Optional(
      Type.String({
        pattern: `^${NODE}(,${NODE}){0,${NODE_COUNT - 1}}$`,
        description: 'Lists only the files of these nodes: numbers from 0 to 255, see `digests`.',
      }),
    ),
  },
  { additionalProperties: false },
);
const rangeQuery = Type.Object({
  from: Type.String({ pattern: '^(0|[1-9][0-9]{0,14})$' }),
  to: Type.String({ pattern: '^(0|[1-9][0-9]{0,14})$' }),
});

export function revisionRoutes(app: HttpServer, context: ApiContext): void {
  const { catalog, committer, receiptExport, noteAct } = context;

  app.get(
    '/v1/sites/:site/revisions',
    {
      onRequest: needsSiteRead(context),
      schema: {
        summary: 'Lists the revisions of a site',
        params: siteParams,
        description:
          'The newest revision comes first. The answer has fewer than `limit` revisions when it reaches a megabyte: ask again with `before` and the last revision.',
        querystring: Type.Object({
          limit: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,3}$' })),
          before: Type.Optional(Type.String({ pattern: REVISION })),
        }),
        response: { 200: Type.Object({ revisions: Type.Array(revisionSchema) }) },
      },
    },
    async ({ params, query }) => {
      const { id } = await catalog.siteNamed(params.site);
      const before = query.before === undefined ? undefined : Number(query.before);
      return { revisions: await catalog.revisions(id, Number(query.limit ?? 1000), before) };
    },
  );

  app.get(
    '/v1/sites/:site/revisions/:revision',
    {
      onRequest: needsSiteRead(context),
      schema: {
        summary: 'Shows a revision, with the receipts of edges',
        params: revisionParams,
        response: { 200: revisionWithReceiptsSchema },
      },
    },
    async ({ params }) => {
      const { id } = await catalog.siteNamed(params.site);
      const revision = await catalog.revision(id, Number(params.revision));
      return { ...revision, receipts: await catalog.receipts(id, revision.revision) };
    },
  );

  app.get(
    '/v1/sites/:site/revisions/:revision/receipts',
    {
      onRequest: needsSiteRead(context),
      schema: {
        summary: 'Exports the receipts of a revision, for others to check',
        description: EXPORTED,
        params: revisionParams,
        querystring: receiptQuery,
        response: receiptFileAnswer,
      },
    },
    async ({ params, query }, reply) => {
      const site = await catalog.siteNamed(params.site);
      const file = await receiptExport.ofRevision(
        site,
        Number(params.revision),
        query.record === undefined ? undefined : Number(query.record),
      );
      return reply.type(JSON_TYPE).send(file);
    },
  );

  app.get(
    '/v1/sites/:site/revisions/:revision/manifest',
    {
      onRequest: needsSiteRead(context),
      schema: {
        summary: 'Lists the files of a revision, one JSON object a line',
        response: linesOf(manifestLineSchema, 'Each line is such an object.'),
        params: revisionParams,
        querystring: manifestQuery,
      },
    },
    async ({ params, query: { nodes } }, reply) => {
      const { id } = await catalog.siteNamed(params.site);
      const { revision } = await catalog.revision(id, Number(params.revision));
      const pages = nodes === undefined ? wholeManifest(id, revision) : partOfManifest(id, revision, nodes);
      return reply.type(LINES).send(Readable.from(manifestLines(pages)));
    },
  );

  app.get(
    '/v1/sites/:site/revisions/:revision/digests',
    {
      onRequest: needsSiteRead(context),
      schema: {
        summary: 'Shows digests of the files of a revision',
        description:
          'With these, a publisher finds out which parts of a folder differ from the revision. The manifest then lists the files of these parts.',
        params: revisionParams,
        response: { 200: contentDigestsSchema },
      },
    },
    async ({ params }) => {
      const { id } = await catalog.siteNamed(params.site);
      const { revision } = await catalog.revision(id, Number(params.revision));
      const nodes: (Digest | null)[] = [];
      while (nodes.length < NODE_COUNT)
        nodes.push(
          ...(await catalog.contentDigests(id, revision, nodes.length, nodes.length + NODES_PER_CALL - 1)),
        );
      return { nodes };
    },
  );

  app.get(
    '/v1/sites/:site/diff',
    {
      onRequest: needsSiteRead(context),
      schema: {
        summary: 'Lists the changes between two revisions, one JSON object a line',
        response: linesOf(diffLineSchema, 'Each line is such an object.'),
        params: siteParams,
        querystring: rangeQuery,
      },
    },
    async ({ params, query }, reply) => {
      const { id } = await catalog.siteNamed(params.site);
      const [from, to] = [Number(query.from), Number(query.to)];
      for (const revision of [from, to]) if (revision !== 0) await catalog.revision(id, revision);
      return reply.type(LINES).send(Readable.from(diffLines(id, from, to)));
    },
  );

  app.post(
    '/v1/sites/:site/rollback',
    {
      onRequest: needsPublish(context),
      schema: {
        summary: 'Makes old content live again, as a new revision',
        headers: keyHeader,
        params: siteParams,
        body: Type.Union([rollbackRequestSchema, Type.Null()]),
        response: { 200: commitSchema },
      },
    },
    async (request) => {
      const { params, body } = request;
      const site = await catalog.siteNamed(params.site);
      const commit = await once(context, request, site, (answerIn) =>
        committer.rollback(site.id, body?.to, { mode: body?.mode, answerIn }),
      );
      noteAct('rollback', { site: params.site, to: body?.to, ...committed(commit) });
      return commit;
    },
  );

  async function* wholeManifest(site: number, revision: number): AsyncGenerator<readonly Entry[]> {
    let cursor: ManifestCursor | undefined;
    do {
      const page = await catalog.manifestPage(site, revision, cursor, PAGE);
      yield page.entries;
      cursor = page.next;
    } while (cursor !== undefined);
  }

  async function* partOfManifest(
    site: number,
    revision: number,
    nodes: string,
  ): AsyncGenerator<readonly Entry[]> {
    for (const node of new Set(nodes.split(',').map(Number)))
      yield await catalog.nodeEntries(site, revision, node);
  }

  async function* manifestLines(pages: AsyncIterable<readonly Entry[]>): AsyncGenerator<string> {
    for await (const entries of pages) {
      let text = '';
      for (const { path, digest, size, type, meta, time } of entries) {
        const stored = meta.length === 0 ? {} : { meta: Object.fromEntries(meta) };
        const line: ManifestLine = { path, digest, size, type, ...stored, time };
        text += `${JSON.stringify(line)}\n`;
      }
      if (text !== '') yield text;
    }
  }

  async function* diffLines(site: number, from: number, to: number): AsyncGenerator<string> {
    let cursor: DiffCursor | undefined;
    do {
      const page = await catalog.diffPage(site, from, to, cursor, PAGE);
      let text = '';
      for (const change of page.changes) {
        const line: DiffLine =
          change.kind === 'delete'
            ? { change: 'deleted', path: change.path }
            : {
                change:
                  (await catalog.entryAt(site, from, change.entry.path)) === undefined ? 'added' : 'modified',
                path: change.entry.path,
                digest: change.entry.digest,
                size: change.entry.size,
              };
        text += `${JSON.stringify(line)}\n`;
      }
      if (text !== '') yield text;
      cursor = page.next;
    } while (cursor !== undefined);
  }
}
