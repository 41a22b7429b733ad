import type { FastifyReply, FastifyRequest } from 'fastify';
import { SkerryError, toSkerryError } from '../../shared/errors.ts';
import type { Quota } from '../../shared/site/quota.ts';
import { INTEROP_FIELD, INTEROP_VERSION } from '../../shared/wire/resumable-upload.ts';
import { PARTIAL_MS } from '../ingest/partial-plan.ts';
import type { UploadProgress } from '../ingest/resumable-uploads.ts';

/** The fields of requests and responses that draft-ietf-httpbis-resumable-upload-12 defines. */

const RESUMPTION_SUPPORTED = 104;

/** Whether the body has the rest of the object. The field is a boolean of RFC 9651. */
export function isLastPart({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  const { 'upload-complete': given = '?1' } = headers;
  if (given === '?1' || given === '?0') return given === '?1';
  throw new SkerryError('bad-request', 'Upload-Complete must be ?0 or ?1');
}

/** The limits of an upload that may still live for `leftMs`. */
export function uploadLimit({ fileBytes }: Pick<Quota, 'fileBytes'>, leftMs = PARTIAL_MS): string {
  const size = fileBytes === null ? '' : `, max-size=${fileBytes}`;
  return `max-age=${Math.floor(leftMs / 1000)}${size}`;
}

/**
 * Tells a client that speaks this version of the draft, before its body has come, where it can go on after a broken
 * connection. The upload resource is the address of the request.
 */
export function announceResource({ headers, url }: FastifyRequest, reply: FastifyReply): void {
  if (headers['upload-complete'] === undefined || headers[INTEROP_FIELD] !== INTEROP_VERSION) return;
  const limit = reply.getHeader('upload-limit');
  reply.raw.writeInformation(RESUMPTION_SUPPORTED, {
    [INTEROP_FIELD]: INTEROP_VERSION,
    location: url,
    ...(limit !== undefined && { 'upload-limit': limit }),
  });
}

/** Answers with the state of an upload. */
export function answerProgress(reply: FastifyReply, { offset, isComplete }: UploadProgress): FastifyReply {
  return reply
    .headers({
      'upload-offset': offset,
      'upload-complete': isComplete ? '?1' : '?0',
      // Before its end, the digest in the address says which length an upload must have.
      ...(isComplete && { 'upload-length': offset }),
      'cache-control': 'no-store',
    })
    .send();
}

/** Adds to the response of a request that fails what the client needs to know of its upload. */
export async function withRefusal<T>(reply: FastifyReply, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const { code, details } = toSkerryError(error);
    if (code === 'offset-mismatch') reply.header('upload-offset', details['expected-offset']);
    // All bytes have come, and what they make is refused. It is useless to go on.
    if (code === 'digest-mismatch' || code === 'completed-upload') reply.header('upload-complete', '?1');
    throw error;
  }
}
