import { Type } from 'typebox';
import { SkerryError } from '../../shared/errors.ts';
import type { HttpServer } from '../../shared/http/server.ts';
import { aliasNameSchema } from '../../shared/site/alias.ts';
import {
  activateRequestSchema,
  aliasRequestSchema,
  aliasSchema,
  aliasWithEdgesSchema,
} from '../../shared/wire/alias-api.ts';
import { commitSchema } from '../../shared/wire/api.ts';
import { committed } from '../callers/committed.ts';
import type { RevisionTarget } from '../publish/commit-options.ts';
import { shownAlias } from '../publish/shown-alias.ts';
import { type ApiContext, doneAnswer, needs, needsPublish, needsSiteRead, siteParams } from './context.ts';
import { keyHeader, once } from './repeatable.ts';

const aliasParams = Type.Object({ ...siteParams.properties, alias: aliasNameSchema });

export function aliasRoutes(app: HttpServer, context: ApiContext): void {
  const { catalog, committer, fleet, noteAct } = context;
  const needsAlias = needs(context, ({ site = '', alias = '' }) => ({ kind: 'alias', site, alias }));

  app.get(
    '/v1/sites/:site/aliases',
    {
      onRequest: needsSiteRead(context),
      schema: {
        summary: 'Lists the aliases of a site',
        params: siteParams,
        response: { 200: Type.Object({ aliases: Type.Array(aliasSchema) }) },
      },
    },
    async ({ params }) => {
      const site = await catalog.siteNamed(params.site);
      const aliases = await catalog.aliases(site.id);
      return { aliases: aliases.map((alias) => shownAlias(site, alias)) };
    },
  );

  app.get(
    '/v1/sites/:site/aliases/:alias',
    {
      onRequest: needsSiteRead(context),
      schema: {
        summary: 'Shows an alias, and what edges show under it',
        params: aliasParams,
        response: { 200: aliasWithEdgesSchema },
      },
    },
    async ({ params }) => {
      const site = await catalog.siteNamed(params.site);
      const alias = shownAlias(site, await catalog.alias(site.id, params.alias));
      return { ...alias, edges: fleet.underAlias(site, alias.name) };
    },
  );

  app.put(
    '/v1/sites/:site/aliases/:alias',
    {
      onRequest: needsAlias,
      schema: {
        summary: 'Points an alias at a revision',
        description:
          'Points an alias at a revision. The answer may name another revision, with the same content: edges take in revisions in ascending order, so the content of an old revision gets a new number.',
        params: aliasParams,
        body: aliasRequestSchema,
        response: { 200: aliasSchema },
      },
    },
    async ({ params, body }) => {
      const { id } = await catalog.siteNamed(params.site);
      const alias = await committer.putAlias(id, params.alias, body.revision, body.expires);
      noteAct('alias-set', { site: params.site, alias: alias.name, revision: alias.revision });
      return alias;
    },
  );

  app.delete(
    '/v1/sites/:site/aliases/:alias',
    {
      onRequest: needsAlias,
      schema: { summary: 'Removes an alias', response: doneAnswer, params: aliasParams },
    },
    async ({ params }, reply) => {
      const { id } = await catalog.siteNamed(params.site);
      await committer.deleteAlias(id, params.alias);
      noteAct('alias-delete', { site: params.site, alias: params.alias });
      return reply.code(204).send();
    },
  );

  app.post(
    '/v1/sites/:site/activate',
    {
      onRequest: needsPublish(context),
      schema: {
        summary: 'Makes a draft live',
        description:
          'Makes a draft, or any other revision, live. No object moves. Give either a revision or an alias.',
        headers: keyHeader,
        params: siteParams,
        body: activateRequestSchema,
        response: { 200: commitSchema },
      },
    },
    async (request) => {
      const { params, body } = request;
      const { revision, alias, mode, now } = body;
      const target = targetOf({ revision, alias });
      const site = await catalog.siteNamed(params.site);
      const commit = await once(context, request, site, (answerIn) =>
        committer.activate(site.id, target, { mode, now, answerIn }),
      );
      noteAct('activate', { site: params.site, ...committed(commit) });
      return commit;
    },
  );
}

function targetOf({
  revision,
  alias,
}: {
  readonly revision: number | undefined;
  readonly alias: string | undefined;
}): RevisionTarget {
  if (revision !== undefined && alias === undefined) return { revision };
  if (alias !== undefined && revision === undefined) return { alias };
  throw new SkerryError('bad-request', 'give either a revision or an alias');
}
