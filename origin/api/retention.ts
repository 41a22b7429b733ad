import { Type } from 'typebox';
import type { HttpServer } from '../../shared/http/server.ts';
import { prunePlanSchema, pruneRequestSchema } from '../../shared/wire/api.ts';
import { type ApiContext, doneAnswer, needsAdmin, needsPublish, siteParams } from './context.ts';

const pinParams = Type.Object({
  ...siteParams.properties,
  revision: Type.String({ pattern: '^[1-9][0-9]{0,14}$' }),
});

export function retentionRoutes(app: HttpServer, context: ApiContext): void {
  const { catalog, retention, noteAct } = context;

  app.post(
    '/v1/prune',
    {
      onRequest: needsAdmin(context),
      schema: {
        summary: 'Deletes old revisions, objects and log records',
        body: Type.Union([pruneRequestSchema, Type.Null()]),
        response: { 200: prunePlanSchema },
      },
    },
    async ({ body }) => {
      const { dryRun = false, log = false } = body ?? {};
      if (dryRun) return retention.plan({ log });
      const done = await retention.run({ log });
      noteAct('prune', { objects: done.objects, bytes: done.bytes, records: done.records });
      return done;
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
      schema: {
        summary: pinned ? 'Keeps a revision, whatever the retention says' : 'Removes the pin of a revision',
        params: pinParams,
        response: doneAnswer,
      },
      handler: async ({ params }, reply) => {
        const { id } = await catalog.siteNamed(params.site);
        await catalog.pin(id, Number(params.revision), pinned);
        noteAct(pinned ? 'pin' : 'unpin', { site: params.site, revision: Number(params.revision) });
        return reply.code(204).send();
      },
    });
  }
}
