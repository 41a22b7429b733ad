import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Need } from '../access/permission.ts';
import type { BucketObject } from '../catalog/bucket-object.ts';
import type { SiteRow } from '../catalog/site-calls.ts';
import type { S3Context } from './context.ts';
import type { Target } from './protocol/target.ts';
import { XML_TYPE } from './protocol/write-xml.ts';
import type { Signer } from './signing/authenticate.ts';

/** A request whose sender has proved a token with the rights that the operation needs. */
export interface Call {
  readonly context: S3Context;
  readonly signer: Signer;
  readonly target: Target;
  readonly headers: FastifyRequest['headers'];
  readonly body: Readable;
  readonly request: Pick<FastifyRequest, 'id' | 'url' | 'method'>;
  /** The bucket that the address names. Throws `NoSuchBucket`. */
  site(): Promise<SiteRow>;
  /** The object that a GET or HEAD names. Throws `NoSuchKey`. */
  object(): Promise<BucketObject>;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: string | Readable;
}

export interface Operation {
  need(bucket: string, key: string): Need;
  run(call: Call): Promise<Answer>;
}

export function xml(body: string): Answer {
  return { headers: { 'content-type': XML_TYPE }, body };
}

export function send(reply: FastifyReply, { status = 200, headers = {}, body }: Answer): FastifyReply {
  return reply
    .code(status)
    .headers(headers)
    .send(body ?? '');
}

export const readsSite = (site: string): Need => ({ kind: 'read-site', site });
export const changesPath = (site: string, path: string): Need => ({ kind: 'change', site, path });
