import { statusSchema } from '../../shared/api.ts';
import { type Api, type ApiContext, needsOverview } from './context.ts';
import { toSite } from './sites.ts';

export function statusRoutes(app: Api, context: ApiContext): void {
  const { catalog, clock, fleet, version } = context;
  app.get(
    '/v1/status',
    { onRequest: needsOverview(context), schema: { response: { 200: statusSchema } } },
    async () => {
      const { seq } = await catalog.head(clock.now());
      const sites = (await catalog.sites()).map((site) => toSite(site, clock.now()));
      return { origin: { version, seq, sites }, edges: await fleet.status() };
    },
  );
}
