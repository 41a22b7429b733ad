import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { type Static, Type } from 'typebox';
import { toDigest } from '../../shared/content/digest.ts';
import { OBJECT_BYTES, takesRawBodies } from '../../shared/http/raw-bodies.ts';
import type { HttpServer } from '../../shared/http/server.ts';
import { checkFileQuota } from '../../shared/site/quota.ts';
import { digestSchema } from '../../shared/wire/api.ts';
import { RESUMED_FROM_BYTES } from '../../shared/wire/deploy-api.ts';
import { PARTIAL_UPLOAD_TYPE } from '../../shared/wire/resumable-upload.ts';
import { provenToken } from '../callers/caller.ts';
import type { UploadPlace } from '../ingest/partial-plan.ts';
import { type ApiContext, doneAnswer, needsUpload, siteParams } from './context.ts';
import { announceResource, answerProgress, isLastPart, uploadLimit, withRefusal } from './upload-fields.ts';

const URL = '/v1/sites/:site/objects/:digest';
const uploadParams = Type.Object({ ...siteParams.properties, digest: digestSchema });
const complete = Type.String({
  description: '?1 if the body has the rest of the object, ?0 if more follows.',
});

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
    reply: FastifyReply,
    offset = 0,
  ): Promise<UploadPlace> => {
    const { id, name, policy } = await catalog.siteNamed(params.site);
    // A refusal has the limits, too.
    reply.header('upload-limit', uploadLimit(policy.quota));
    checkFileQuota(name, policy.quota, offset + Number(headers['content-length'] ?? 0));
    return { site: id, token: provenToken(), digest: toDigest(params.digest) };
  };

  app.put(
    URL,
    {
      bodyLimit: OBJECT_BYTES,
      onRequest,
      schema: {
        summary: 'Uploads an object',
        response: {
          ...doneAnswer,
          201: Type.Unsafe<unknown>({ type: 'null', description: 'A part is stored, and more follows.' }),
        },
        description:
          'Uploads an object. The origin keeps what has come of a body whose Content-Length is above 1 MiB when its connection breaks: ask with HEAD how much that is, and send the rest with PATCH.',
        headers: Type.Object({ 'upload-complete': Type.Optional(complete) }),
        params: uploadParams,
      },
    },
    async (request, reply) => {
      const place = await placeOf(request, reply);
      const body = request.body as Readable;
      const isLast = isLastPart(request);
      if (isLast && !(Number(request.headers['content-length']) > RESUMED_FROM_BYTES)) {
        await intake.take(place.site, body, place.digest);
        return reply.code(204).send();
      }
      announceResource(request, reply);
      const progress = await withRefusal(reply, uploads.put(place, body, isLast));
      if (isLast) return answerProgress(reply.code(204), progress);
      return answerProgress(reply.code(201).header('location', request.url), progress);
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
    async (request, reply) => {
      const { quota } = (await catalog.siteNamed(request.params.site)).policy;
      const progress = await uploads.progress(await placeOf(request, reply));
      reply.code(204).header('upload-limit', uploadLimit(quota, progress.leftMs));
      return answerProgress(reply, progress);
    },
  );

  app.patch(
    URL,
    {
      bodyLimit: OBJECT_BYTES,
      onRequest,
      schema: {
        summary: 'Goes on with the upload of an object',
        response: doneAnswer,
        description:
          'Goes on with an upload at its offset. Another offset is answered with 409 and the right one.',
        consumes: [PARTIAL_UPLOAD_TYPE],
        headers: Type.Object({
          'content-type': Type.Literal(PARTIAL_UPLOAD_TYPE),
          'upload-offset': Type.String({ pattern: '^(0|[1-9][0-9]{0,15})$' }),
          'upload-complete': complete,
        }),
        params: uploadParams,
      },
    },
    async (request, reply) => {
      const offset = Number(request.headers['upload-offset']);
      const place = await placeOf(request, reply, offset);
      const body = request.body as Readable;
      const progress = await withRefusal(reply, uploads.append(place, offset, body, isLastPart(request)));
      return answerProgress(reply.code(204), progress);
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
      await uploads.cancel(await placeOf(request, reply));
      return reply.code(204).send();
    },
  );
}
