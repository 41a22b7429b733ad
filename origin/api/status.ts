import type { HttpServer } from '../../shared/http/server.ts';
import { statusSchema } from '../../shared/wire/api.ts';
import { type ApiContext, needsOverview } from './context.ts';
import { readableBy } from './readable-sites.ts';
import { toSite } from './sites.ts';

export function statusRoutes(app: HttpServer, context: ApiContext): void {
  const { catalog, clock, fleet, version } = context;
  app.get(
    '/v1/status',
    {
      onRequest: needsOverview(context),
      schema: { summary: 'Shows the origin, its sites and its edges', response: { 200: statusSchema } },
    },
    async (request) => {
      const readable = readableBy(request);
      const { seq } = await catalog.head(clock.now());
      const sites = (await catalog.sites())
        .filter(({ name }) => readable.site(name))
        .map((site) => toSite(site, clock.now()));
      const edges = (await fleet.status()).map(readable.edge);
      return { origin: { version, seq, sites, certificate: context.certificate() }, edges };
    },
  );
}
