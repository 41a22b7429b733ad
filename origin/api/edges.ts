import { Type } from 'typebox';
import { edgeStatusSchema } from '../../shared/api.ts';
import { SkerryError } from '../../shared/errors.ts';
import { nameSchema } from '../../shared/protocol.ts';
import { type Api, type ApiContext, needsOverview } from './context.ts';

export function edgeRoutes(app: Api, context: ApiContext): void {
  const { fleet } = context;

  app.get(
    '/v1/edges',
    {
      onRequest: needsOverview(context),
      schema: { response: { 200: Type.Object({ edges: Type.Array(edgeStatusSchema) }) } },
    },
    async () => ({ edges: await fleet.status() }),
  );

  app.get(
    '/v1/edges/:name',
    {
      onRequest: needsOverview(context),
      schema: { params: Type.Object({ name: nameSchema }), response: { 200: edgeStatusSchema } },
    },
    async ({ params }) => {
      const edge = (await fleet.status()).find(({ name }) => name === params.name);
      if (edge === undefined) throw new SkerryError('no-such-edge', `there is no edge ${params.name}`);
      return edge;
    },
  );
}
