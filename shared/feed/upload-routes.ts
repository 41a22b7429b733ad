import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { DIGEST_PATTERN, digestBytes, isDigest } from '../content/digest.ts';
import { SkerryError } from '../errors.ts';
import { onceClosed } from '../http/once-closed.ts';
import { OBJECT_BYTES, takesRawBodies } from '../http/raw-bodies.ts';
import type { HttpServer } from '../http/server.ts';
import type { AdmittedUpload, FeedUploads } from './feed-source.ts';
import { type MembersOnly, memberOf } from './member-proof.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The upload, which is admitted before its body is read. Null on all other routes. */
    upload: AdmittedUpload | null;
  }
}

/** The route by which members send objects that they were asked for. */
export function uploadRoutes(
  app: HttpServer,
  uploads: FeedUploads,
  provesMember: MembersOnly['onRequest'],
): void {
  app.decorateRequest('upload', null);
  app.register(async (scope) => {
    takesRawBodies(scope as HttpServer).put(
      '/feed/v1/objects/:digest',
      {
        bodyLimit: OBJECT_BYTES,
        async onRequest(request, reply) {
          await provesMember(request, reply);
          request.upload = await admitted(uploads, request);
          onceClosed(reply.raw, request.upload.end);
        },
        schema: { hide: true, params: Type.Object({ digest: Type.String({ pattern: DIGEST_PATTERN }) }) },
      },
      async (request, reply) => {
        await request.upload?.take(request.body as Readable);
        return reply.code(204).send();
      },
    );
  });
}

/**
 * Requires that the proof covers the digest of the object. The store checks the bytes against this digest before it
 * keeps them. So the body is also checked against the proof.
 */
function admitted(uploads: FeedUploads, request: FastifyRequest): Promise<AdmittedUpload> {
  const { digest = '' } = request.params as { digest?: string };
  if (!isDigest(digest)) throw new SkerryError('bad-request', 'the path names no object');
  const length = request.headers['content-length'];
  if (length === undefined) throw new SkerryError('bad-request', 'an upload must announce its length');
  if (request.provenBody?.equals(digestBytes(digest)) !== true)
    throw new SkerryError('bad-request', 'the proof does not cover the object');
  return uploads.admit(memberOf(request), digest, Number(length));
}
