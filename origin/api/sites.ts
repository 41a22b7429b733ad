import { Type } from 'typebox';
import { type Site, siteSchema, siteSettingsSchema } from '../../shared/api.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { SiteRow } from '../log/catalog.ts';
import {
  type Api,
  type ApiContext,
  needsAdmin,
  needsOverview,
  needsPublish,
  needsSiteRead,
  siteParams,
} from './context.ts';

const hostName = /^(?=.{1,253}$)([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export function siteRoutes(app: Api, context: ApiContext): void {
  const { catalog, clock, fleet } = context;

  app.get(
    '/v1/sites',
    {
      onRequest: needsOverview(context),
      schema: { response: { 200: Type.Object({ sites: Type.Array(siteSchema) }) } },
    },
    async () => ({ sites: (await catalog.sites()).map(toSite) }),
  );

  app.get(
    '/v1/sites/:site',
    { onRequest: needsSiteRead(context), schema: { params: siteParams, response: { 200: siteSchema } } },
    async ({ params }) => toSite(await catalog.site(params.site)),
  );

  app.put(
    '/v1/sites/:site',
    {
      onRequest: needsPublish(context),
      schema: {
        params: siteParams,
        body: Type.Union([siteSettingsSchema, Type.Null()]),
        response: { 200: siteSchema },
      },
    },
    async ({ params, body }) => {
      const domains = body?.domains?.map(checkedDomain);
      const site = await catalog.putSite(params.site, domains && [...new Set(domains)], clock.now());
      fleet.appended.wake();
      return toSite(site);
    },
  );

  app.delete(
    '/v1/sites/:site',
    { onRequest: needsAdmin(context), schema: { params: siteParams } },
    async ({ params }, reply) => {
      await catalog.deleteSite(params.site, clock.now());
      fleet.appended.wake();
      return reply.code(204).send();
    },
  );
}

export function toSite({ name, domains, revision, files, bytes }: SiteRow): Site {
  return { name, domains, revision, files, bytes };
}

function checkedDomain(text: string): string {
  const domain = text.toLowerCase();
  if (!hostName.test(domain))
    throw new SkerryError('bad-domain', `${JSON.stringify(text)} is not a host name`);
  return domain;
}
