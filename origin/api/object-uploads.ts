import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { toDigest } from '../../shared/content/digest.ts';
import { SkerryError } from '../../shared/errors.ts';
import { OBJECT_BYTES, takesRawBodies } from '../../shared/http/raw-bodies.ts';
import type { HttpServer } from '../../shared/http/server.ts';
import { checkFileQuota } from '../../shared/site/quota.ts';
import { digestSchema } from '../../shared/wire/api.ts';
import { RESUMED_FROM_BYTES } from '../../shared/wire/deploy-api.ts';
import { provenToken } from '../callers/caller.ts';
import { PARTIAL_MS, type UploadPlace } from '../ingest/partial-plan.ts';
import type { UploadProgress } from '../ingest/resumable-uploads.ts';
import { type ApiContext, doneAnswer, needsUpload, siteParams } from './context.ts';

const URL = '/v1/sites/:site/objects/:digest';
const uploadParams = Type.Object({ ...siteParams.properties, digest: digestSchema });
const complete = Type.Optional(
  Type.String({
    description: '?1 (the default) if the body has the rest of the object, ?0 if more follows.',
  }),
);

/** The address of an object is also its upload resource, in the sense of draft-ietf-httpbis-resumable-upload-12. */
export function objectUploadRoutes(scope: HttpServer, context: ApiContext): void {
  const { catalog, intake, uploads } = context;
  const onRequest = needsUpload(context);
  const app = takesRawBodies(scope);
  const placeOf = async (
    {
      params,
      headers,
    }: { readonly params: Static<typeof uploadParams>; readonly headers: IncomingHttpHeaders },
    offset = 0,
  ): Promise<UploadPlace> => {
    const site = await catalog.siteNamed(params.site);
    checkFileQuota(site.name, site.policy.quota, offset + Number(headers['content-length'] ?? 0));
    return { site: site.id, token: provenToken(), digest: toDigest(params.digest) };
  };

  app.put(
    URL,
    {
      bodyLimit: OBJECT_BYTES,
      onRequest,
      schema: {
        summary: 'Uploads an object',
        response: doneAnswer,
        description:
          'Uploads an object. The origin keeps what has come of a body whose Content-Length is above 1 MiB when its connection breaks: ask with HEAD how much that is, and send the rest with PATCH.',
        headers: Type.Object({ 'upload-complete': complete }),
        params: uploadParams,
      },
    },
    async (request, reply) => {
      const place = await placeOf(request);
      const body = request.body as Readable;
      const isLast = isLastPart(request);
      if (isLast && !(Number(request.headers['content-length']) > RESUMED_FROM_BYTES)) {
        await intake.take(place.site, body, place.digest);
        return reply.code(204).send();
      }
      return answer(reply, await uploads.put(place, body, isLast));
    },
  );

  app.head(
    URL,
    {
      onRequest,
      schema: {
        summary: 'Tells how much of an object has come',
        response: doneAnswer,
        description:
          'How much of the object has come: Upload-Offset and Upload-Complete. A request of the same token that is sending it is ended.',
        params: uploadParams,
      },
    },
    async (request, reply) => answer(reply, await uploads.progress(await placeOf(request))),
  );

  app.patch(
    URL,
    {
      bodyLimit: OBJECT_BYTES,
      onRequest,
      schema: {
        summary: 'Goes on with the upload of an object',
        response: doneAnswer,
        description: 'Goes on with an upload at its offset. Another offset is answered with 409.',
        consumes: ['application/partial-upload'],
        headers: Type.Object({
          'upload-offset': Type.String({ pattern: '^(0|[1-9][0-9]{0,15})$' }),
          'upload-complete': complete,
        }),
        params: uploadParams,
      },
    },
    async (request, reply) => {
      const offset = Number(request.headers['upload-offset']);
      const place = await placeOf(request, offset);
      return answer(
        reply,
        await uploads.append(place, offset, request.body as Readable, isLastPart(request)),
      );
    },
  );

  app.delete(
    URL,
    {
      onRequest,
      schema: {
        summary: 'Gives up the upload of an object',
        response: doneAnswer,
        description: 'Gives up an upload that is not complete.',
        params: uploadParams,
      },
    },
    async (request, reply) => {
      await uploads.cancel(await placeOf(request));
      return reply.code(204).send();
    },
  );
}

/** A boolean of RFC 9651. */
function isLastPart({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  const { 'upload-complete': given = '?1' } = headers;
  if (given === '?1' || given === '?0') return given === '?1';
  throw new SkerryError('bad-request', 'Upload-Complete must be ?0 or ?1');
}

function answer(reply: FastifyReply, { offset, isComplete }: UploadProgress): FastifyReply {
  return reply
    .code(204)
    .headers({
      'upload-offset': offset,
      'upload-complete': isComplete ? '?1' : '?0',
      'upload-limit': `max-age=${PARTIAL_MS / 1000}`,
      'cache-control': 'no-store',
    })
    .send();
}
