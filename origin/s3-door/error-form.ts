import type { FastifyRequest } from 'fastify';
import type { SkerryError } from '../../shared/errors.ts';
import type { ErrorForm } from '../../shared/http/error-form.ts';
import { s3CodeOf, statusOf } from './protocol/s3-error.ts';
import { XML_TYPE, xmlDocument } from './protocol/write-xml.ts';

/** Errors as S3 writes them. */
export const asS3Error: ErrorForm = (error, request) => {
  const code = s3CodeOf(error);
  return { status: statusOf(code), type: XML_TYPE, body: errorDocument(error, request) };
};

/** The document about an error. `internal` errors do not tell what happened. */
export function errorDocument(error: SkerryError, { id, url }: Pick<FastifyRequest, 'id' | 'url'>): string {
  const Code = s3CodeOf(error);
  const Message =
    error.code === 'internal' ? 'We encountered an internal error. Please try again.' : error.message;
  const [path = ''] = url.split('?', 1);
  return xmlDocument('Error', { Code, Message, Resource: path, RequestId: String(id), HostId: 'skerry' }, '');
}
