import { Type } from 'typebox';
import { SkerryError } from '../../shared/errors.ts';
import type { HttpServer } from '../../shared/http/server.ts';
import { payloadText } from '../../shared/log/record-limits.ts';
import { MOST_PURGED, namedPaths, type PurgeTarget } from '../../shared/site/purge.ts';
import { type PurgeRequest, purgeRequestSchema, purgeSchema } from '../../shared/wire/api.ts';
import { publishRights } from '../access/permission.ts';
import { requirePurgeWithin } from '../access/purge-limits.ts';
import { publishedPath } from '../ingest/published-path.ts';
import { scopesOf } from './authorize.ts';
import { type ApiContext, needs, needsSiteRead, siteParams } from './context.ts';
import { EXPORTED, JSON_TYPE, receiptFileAnswer } from './receipt-file-answer.ts';

const purgeParams = Type.Object({
  ...siteParams.properties,
  seq: Type.String({ pattern: '^[1-9][0-9]{0,14}$' }),
});

/** The limit has room for the targets of one record, and for white space and escapes in the JSON. */
const PURGE_BYTES = 128 * 1024;

export function purgeRoutes(app: HttpServer, context: ApiContext): void {
  const { catalog, clock, allowance, receiptExport, noteAct } = context;

  app.post(
    '/v1/sites/:site/purge',
    {
      bodyLimit: PURGE_BYTES,
      onRequest: needs(context, ({ site = '' }) => ({ kind: 'purge', site })),
      schema: {
        summary: 'Makes edges drop cached copies, and check the files on disk',
        description:
          'A token of publish:SITE/FOLDER/ may name paths in its folder, and patterns that begin with it.',
        params: siteParams,
        body: purgeRequestSchema,
        response: { 200: purgeSchema },
      },
    },
    async (request) => {
      const { params, body } = request;
      const target = targetOf(body);
      requirePurgeWithin(publishRights(scopesOf(request), params.site), target);
      const site = await catalog.siteNamed(params.site);
      allowance.spend(site.name, costOf(target));
      const seq = await catalog.addPurges(site, [target], clock.now());
      noteAct('purge', { site: site.name, seq, ...body });
      return catalog.purge(site.id, seq);
    },
  );

  app.get(
    '/v1/sites/:site/purges/:seq',
    {
      onRequest: needsSiteRead(context),
      schema: {
        summary: 'Shows a purge, with the receipts of edges',
        params: purgeParams,
        response: { 200: purgeSchema },
      },
    },
    async ({ params }) => catalog.purge((await catalog.siteNamed(params.site)).id, Number(params.seq)),
  );

  app.get(
    '/v1/sites/:site/purges/:seq/receipts',
    {
      onRequest: needsSiteRead(context),
      schema: {
        summary: 'Exports the receipts of a purge, for others to check',
        description: EXPORTED,
        params: purgeParams,
        response: receiptFileAnswer,
      },
    },
    async ({ params }, reply) => {
      const site = await catalog.siteNamed(params.site);
      return reply.type(JSON_TYPE).send(await receiptExport.ofPurge(site, Number(params.seq)));
    },
  );
}

/** The extra cost of a target that is not a list of paths: for such a target, edges search the whole site. */
const LOOK_THROUGH = 4096;

/** Throws `record-too-large`. */
function costOf(target: PurgeTarget): number {
  const bytes = Buffer.byteLength(payloadText('purge', target));
  const isOfPaths = !target.all && target.globs.length === 0 && target.tags.length === 0;
  return isOfPaths ? bytes : bytes + LOOK_THROUGH;
}

/** The target of a request. Paths with a `*` are patterns. Throws `bad-purge` and `bad-path`. */
function targetOf({ all = false, paths = [], tags = [] }: PurgeRequest): PurgeTarget {
  const named = namedPaths(paths);
  if ('fault' in named) throw new SkerryError('bad-purge', named.fault);
  if (named.globs.length > MOST_PURGED.globs)
    throw new SkerryError('bad-purge', `a purge has at most ${MOST_PURGED.globs} patterns`);
  const badTag = tags.find((tag) => !/^[!-+\--~]{1,256}$/.test(tag));
  if (badTag !== undefined) throw new SkerryError('bad-purge', `${JSON.stringify(badTag)} is not a tag`);
  const isEmpty = paths.length === 0 && tags.length === 0;
  if (all !== isEmpty)
    throw new SkerryError('bad-purge', 'a purge names either the whole site, or paths and tags');
  return { all, paths: named.paths.map(publishedPath), globs: named.globs, tags };
}
