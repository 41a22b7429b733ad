import type { Readable } from 'node:stream';
import { Type } from 'typebox';
import { SkerryError } from '../../shared/errors.ts';
import { takesRawBodies } from '../../shared/http/raw-bodies.ts';
import type { HttpServer } from '../../shared/http/server.ts';
import { commitSchema } from '../../shared/wire/api.ts';
import { archiveQuerySchema } from '../../shared/wire/deploy-api.ts';
import { commitLimits } from '../access/commit-rights.ts';
import { publishRights } from '../access/permission.ts';
import { MOST_ARCHIVE_BYTES } from '../ingest/archive/archive-bounds.ts';
import { scopesOf } from './authorize.ts';
import { commitOptions } from './commit-request.ts';
import { type ApiContext, needsUpload, siteParams } from './context.ts';
import { keyHeader, repeatable } from './repeatable.ts';

/** The body is a stream, which a schema cannot check. */
const archiveBody = Type.Unsafe<Readable>({
  description:
    'A tar, tar.gz, tar.zst or zip. Its first bytes tell which, whatever its Content-Type says. Plain files and folders only: links, devices and folders of Git are refused.',
});

export function archiveRoutes(scope: HttpServer, context: ApiContext): void {
  const { archives } = context;
  const app = takesRawBodies(scope);

  app.put(
    '/v1/sites/:site/archive',
    {
      bodyLimit: MOST_ARCHIVE_BYTES,
      onRequest: needsUpload(context),
      schema: {
        summary: 'Publishes an archive as the whole tree of the site, in one revision',
        consumes: ['application/x-tar', 'application/gzip', 'application/zstd', 'application/zip'],
        headers: keyHeader,
        params: siteParams,
        querystring: archiveQuerySchema,
        body: archiveBody,
        response: { 200: commitSchema },
      },
    },
    async (request) => {
      const { params, query, body } = request;
      const { strip, expect, now, draft, expires, ...others } = query;
      const options = commitOptions({
        ...others,
        draft: draft === 'true',
        ...(expires !== undefined && { expires: Number(expires) }),
      });
      const alias = options.draft && (options.draft.alias ?? null);
      const { site } = params;
      const within = commitLimits(publishRights(scopesOf(request), site), { site, alias });
      if (within !== undefined)
        throw new SkerryError(
          'forbidden',
          `the token may change only ${within.join(', ')}, and an archive replaces the whole site`,
        );
      return archives.publish(params.site, body, {
        ...options,
        request: repeatable(request),
        strip: strip === '1',
        now: now === 'true',
        expect: expect === undefined ? undefined : Number(expect),
      });
    },
  );
}
