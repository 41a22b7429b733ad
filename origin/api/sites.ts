import { type Static, Type } from 'typebox';
import type { HttpServer } from '../../shared/http/server.ts';
import { MOST_WRITTEN } from '../../shared/log/record-limits.ts';
import { commitSchema, type Site, siteSchema, siteSettingsSchema } from '../../shared/wire/api.ts';
import { requirePermission } from '../access/permission.ts';
import { domainRights } from '../access/scopes.ts';
import { committed } from '../callers/committed.ts';
import type { SiteRow } from '../catalog/site-calls.ts';
import { checkedDomain } from '../domains/domain-name.ts';
import { pendingOpens } from '../publish/activation-window.ts';
import { scopesOf } from './authorize.ts';
import { checkAsked } from './commit-request.ts';
import {
  type ApiContext,
  doneAnswer,
  needs,
  needsOverview,
  needsPublish,
  needsSiteRead,
  siteParams,
} from './context.ts';
import { readableBy } from './readable-sites.ts';

/** The cost of a record of settings, in addition to the size of the settings. */
const SETTINGS_COST = 1024;
/** The record's own limit, doubled because a request may write the same settings with more bytes. */
const SETTINGS_BYTES = 2 * MOST_WRITTEN.settings;
const deleteQuery = Type.Object({
  unpublished: Type.Optional(
    Type.Literal('true', {
      description:
        'Delete the site only if nothing was published to it and it has no domain. A token that may publish to the site may do that.',
    }),
  ),
});

export function siteRoutes(app: HttpServer, context: ApiContext): void {
  const { catalog, clock, committer, allowance, fleet, noteAct } = context;
  const shown = (site: SiteRow) => toSite(site, clock.now());

  app.get(
    '/v1/sites',
    {
      onRequest: needsOverview(context),
      schema: {
        summary: 'Lists the sites that the token may read',
        response: { 200: Type.Object({ sites: Type.Array(siteSchema) }) },
      },
    },
    async (request) => {
      const readable = readableBy(request);
      return { sites: (await catalog.sites()).filter(({ name }) => readable.site(name)).map(shown) };
    },
  );

  app.get(
    '/v1/sites/:site',
    {
      onRequest: needsSiteRead(context),
      schema: { summary: 'Shows a site', params: siteParams, response: { 200: siteSchema } },
    },
    async ({ params }) => shown(await catalog.siteNamed(params.site)),
  );

  app.put(
    '/v1/sites/:site',
    {
      bodyLimit: SETTINGS_BYTES,
      onRequest: needsPublish(context),
      schema: {
        summary: 'Creates a site, or changes the given settings',
        params: siteParams,
        body: Type.Union([siteSettingsSchema, Type.Null()]),
        response: { 200: siteSchema },
      },
    },
    async (request) => {
      const { params } = request;
      // The type of the schema does not say that a request may have no body.
      const body = request.body ?? null;
      const domains = body?.domains?.map(checkedDomain);
      // A quota limits those who publish, so they may not change it.
      if (body?.policy?.quota !== undefined) requirePermission(scopesOf(request), { kind: 'admin' });
      await checkAsked(context, params.site, body?.policy?.rollout);
      const asked = Buffer.byteLength(JSON.stringify(body)) + SETTINGS_COST;
      if (body !== null) allowance.spend(params.site, asked);
      const site = await catalog.putSite(
        params.site,
        domains && [...new Set(domains)],
        clock.now(),
        body?.policy,
        domainRights(scopesOf(request)),
      );
      // The record holds all settings of the site, also when the request changes only some.
      const written = Buffer.byteLength(JSON.stringify([site.domains, site.policy])) + SETTINGS_COST;
      if (body !== null) allowance.owe(params.site, Math.max(0, written - asked));
      await fleet.refusesWithoutLease(site, site.policy.sync.withoutLease === 'refuse');
      noteAct('site-set', { site: site.name, domains, policy: body?.policy });
      // The schedule of the site may have changed.
      committer.waiting.wake();
      return shown(site);
    },
  );

  app.post(
    '/v1/sites/:site/windows',
    {
      onRequest: needsPublish(context),
      schema: { summary: 'Opens a batch window now', params: siteParams, response: { 200: commitSchema } },
    },
    async ({ params }) => {
      const commit = await committer.openWindow((await catalog.siteNamed(params.site)).id, 'hand');
      noteAct('window-open', { site: params.site, ...committed(commit) });
      return commit;
    },
  );

  app.delete(
    '/v1/sites/:site',
    {
      onRequest: needs(context, ({ site = '' }, query) =>
        isUnpublishedAlone(query) ? { kind: 'publish', site } : { kind: 'admin' },
      ),
      schema: {
        summary: 'Deletes a site with all its revisions',
        response: doneAnswer,
        params: siteParams,
        querystring: deleteQuery,
      },
    },
    async ({ params, query }, reply) => {
      const unpublished = isUnpublishedAlone(query);
      if (unpublished) allowance.spend(params.site, SETTINGS_COST);
      const site = await catalog.siteNamed(params.site);
      await committer.deleteSite(site.id, { unpublished });
      noteAct('site-delete', { site: site.name });
      return reply.code(204).send();
    },
  );
}

function isUnpublishedAlone(query: unknown): boolean {
  return (query as Static<typeof deleteQuery>).unpublished === 'true';
}

export function toSite(row: SiteRow, now: number): Site {
  const { name, revision, files, bytes, policy, pending } = row;
  const opens = pending?.mode === 'batch' ? pendingOpens(policy, now) : null;
  return {
    name,
    domains: [...row.domains],
    revision,
    files,
    bytes,
    pending: pending && { ...pending, opens },
    policy,
  };
}
