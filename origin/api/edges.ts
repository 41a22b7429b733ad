import { Type } from 'typebox';
import type { HttpServer } from '../../shared/http/server.ts';
import { nameSchema } from '../../shared/site/names.ts';
import { edgeStatusSchema, labelsRequestSchema, mayReadRequestSchema } from '../../shared/wire/api.ts';
import { newTokenSchema } from '../../shared/wire/token-api.ts';
import { createReplacement } from '../access/tokens.ts';
import { type ApiContext, needsAdmin, needsOverview } from './context.ts';
import { readableBy } from './readable-sites.ts';

const drainQuery = Type.Object(
  {
    atMost: Type.Optional(
      Type.String({
        pattern: '^[1-9][0-9]{0,3}$',
        description: 'The edge is not drained unless fewer other edges than this are drained.',
      }),
    ),
  },
  { additionalProperties: false },
);

export function edgeRoutes(app: HttpServer, context: ApiContext): void {
  const { catalog, clock, tokens, fleet, noteAct } = context;

  app.get(
    '/v1/edges',
    {
      onRequest: needsOverview(context),
      schema: {
        summary: 'Lists the edges',
        response: { 200: Type.Object({ edges: Type.Array(edgeStatusSchema) }) },
      },
    },
    async (request) => {
      const readable = readableBy(request);
      return { edges: (await fleet.status()).map(readable.edge) };
    },
  );

  app.get(
    '/v1/edges/:name',
    {
      onRequest: needsOverview(context),
      schema: {
        summary: 'Shows an edge',
        params: Type.Object({ name: nameSchema }),
        response: { 200: edgeStatusSchema },
      },
    },
    async (request) => {
      const readable = readableBy(request);
      return readable.edge(await fleet.statusOf(request.params.name));
    },
  );

  app.put(
    '/v1/edges/:name/may-read',
    {
      onRequest: needsAdmin(context),
      schema: {
        summary: 'Limits which sites an edge may read',
        params: Type.Object({ name: nameSchema }),
        body: mayReadRequestSchema,
        response: { 200: edgeStatusSchema },
      },
    },
    async ({ params, body }) => {
      const edge = await fleet.change(params.name, { mayRead: body.sites });
      noteAct('edge-may-read', { edge: params.name, sites: body.sites });
      return edge;
    },
  );

  app.post(
    '/v1/edges/:name/labels',
    {
      onRequest: needsAdmin(context),
      schema: {
        summary: 'Adds and removes labels of an edge',
        params: Type.Object({ name: nameSchema }),
        body: labelsRequestSchema,
        response: { 200: edgeStatusSchema },
      },
    },
    async ({ params, body }) => {
      const edge = await fleet.change(params.name, { labels: body });
      noteAct('edge-label', { edge: params.name, ...body });
      return edge;
    },
  );

  app.post(
    '/v1/edges/:name/replace',
    {
      onRequest: needsAdmin(context),
      schema: {
        summary: 'Makes a join token with which a new host takes the name of an edge',
        params: Type.Object({ name: nameSchema }),
        response: { 200: newTokenSchema },
      },
    },
    async ({ params }) => {
      const made = await createReplacement(catalog, clock, params.name, tokens.recovery);
      noteAct('edge-replace', { edge: params.name, created: made.id });
      return made;
    },
  );

  app.post(
    '/v1/edges/:name/drain',
    {
      onRequest: needsAdmin(context),
      schema: {
        summary: 'Makes an edge send its readers elsewhere',
        params: Type.Object({ name: nameSchema }),
        querystring: drainQuery,
        response: { 200: edgeStatusSchema },
      },
    },
    async ({ params, query: { atMost } }) => {
      const limit = atMost === undefined ? {} : { mostDrained: Number(atMost) };
      const edge = await fleet.change(params.name, { drained: true, ...limit });
      noteAct('edge-drain', { edge: params.name });
      return edge;
    },
  );

  const changes = [
    ['pause', { paused: true }, 'Makes an edge stay at the revisions that it shows'],
    ['resume', { paused: false }, 'Makes a paused edge follow the log again'],
    ['undrain', { drained: false }, 'Makes a drained edge take readers again'],
    ['revoke', { revoked: true }, 'Expels an edge for good'],
  ] as const;
  for (const [verb, change, summary] of changes) {
    app.post(
      `/v1/edges/:name/${verb}`,
      {
        onRequest: needsAdmin(context),
        schema: { summary, params: Type.Object({ name: nameSchema }), response: { 200: edgeStatusSchema } },
      },
      async ({ params }) => {
        const edge = await fleet.change(params.name, change);
        noteAct(`edge-${verb}`, { edge: params.name });
        return edge;
      },
    );
  }
}
