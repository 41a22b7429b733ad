import type { HttpServer } from '../../shared/http/server.ts';
import type { Act } from '../../shared/wire/event-kinds.ts';
import { type RolloutAct, rolloutRequestSchema, rolloutSchema } from '../../shared/wire/rollout-api.ts';
import { shownRollout } from '../publish/shown-rollout.ts';
import { type ApiContext, needsPublish, needsSiteRead, siteParams } from './context.ts';

const ACTS: { readonly [K in RolloutAct]: Act } = {
  pause: 'rollout-pause',
  resume: 'rollout-resume',
  finish: 'rollout-finish',
  abort: 'rollout-abort',
};

export function rolloutRoutes(app: HttpServer, context: ApiContext): void {
  const { catalog, noteAct } = context;

  app.get(
    '/v1/sites/:site/rollout',
    {
      onRequest: needsSiteRead(context),
      schema: {
        summary: 'Shows the newest rollout of a site, with what readers met',
        params: siteParams,
        response: { 200: rolloutSchema },
      },
    },
    async ({ params }) => {
      const { id } = await catalog.siteNamed(params.site);
      return shownRollout(await context.rollouts.newest(id));
    },
  );

  app.post(
    '/v1/sites/:site/rollout',
    {
      onRequest: needsPublish(context),
      schema: {
        summary: 'Pauses, resumes, finishes or aborts the rollout of a site',
        description:
          'Aborting moves no object: the edges that show the revision switch back to what is live.',
        params: siteParams,
        body: rolloutRequestSchema,
        response: { 200: rolloutSchema },
      },
    },
    async ({ params, body }) => {
      const { id } = await catalog.siteNamed(params.site);
      const rollout = await context.rollouts[body.act](id);
      noteAct(ACTS[body.act], { site: params.site, revision: rollout.revision });
      return shownRollout(rollout);
    },
  );
}
