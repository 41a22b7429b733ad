import { Type } from 'typebox';
import { prunePlanSchema, pruneRequestSchema } from '../../shared/api.ts';
import { type Api, type ApiContext, needsAdmin, needsPublish, siteParams } from './context.ts';

const pinParams = Type.Object({
  ...siteParams.properties,
  revision: Type.String({ pattern: '^[1-9][0-9]{0,14}$' }),
});

export function retentionRoutes(app: Api, context: ApiContext): void {
  const { catalog, retention } = context;

  app.post(
    '/v1/prune',
    {
      onRequest: needsAdmin(context),
      schema: {
        body: Type.Union([pruneRequestSchema, Type.Null()]),
        response: { 200: prunePlanSchema },
      },
    },
    ({ body }) => {
      const { dryRun = false, log = false } = body ?? {};
      return dryRun ? retention.plan({ log }) : retention.run({ log });
    },
  );

  for (const [method, pinned] of [
    ['PUT', true],
    ['DELETE', false],
  ] as const) {
    app.route({
      method,
      url: '/v1/sites/:site/revisions/:revision/pin',
      onRequest: needsPublish(context),
      schema: { params: pinParams },
      handler: async ({ params }, reply) => {
        const { id } = await catalog.site(params.site);
        await catalog.pin(id, Number(params.revision), pinned);
        return reply.code(204).send();
      },
    });
  }
}
