import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { SkerryError } from '../../shared/errors.ts';
import type { Commit } from '../../shared/wire/api.ts';
import { provenToken } from '../callers/caller.ts';
import type { SiteRow } from '../catalog/site-calls.ts';
import { createDeploy } from '../ingest/deploys.ts';
import type { RepeatableRequest } from '../ingest/request-keys.ts';
import type { ApiContext } from './context.ts';

/** A string of RFC 9651, or the same text without quotes, as most clients send it. */
const KEY = /^(?:"([\x20\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x7e]{1,255}))$/;

/** The header of requests that are done once, however often they are sent. */
export const keyHeader = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      description:
        'A text of your choice, such as a UUID. A repeated request with the same key and the same body gets the response of the first, for 24 hours; another body is refused with 422, and with 409 while the first runs. A request that failed can be repeated.',
    }),
  ),
});

/** Undefined for a request without an Idempotency-Key. Throws `bad-request` for a key that cannot be remembered. */
export function repeatable(request: FastifyRequest): RepeatableRequest | undefined {
  const given = request.headers['idempotency-key'];
  if (given === undefined) return undefined;
  const [, quoted, plain] = KEY.exec(String(given)) ?? [];
  const key = quoted ?? plain;
  if (key === undefined)
    throw new SkerryError('bad-request', 'Idempotency-Key must have 1 to 255 printable ASCII characters');
  return { token: provenToken(), key, asked: `${request.method} ${request.raw.url}` };
}

/**
 * Makes a commit that is no deploy's, once for each key. `commit` gets the deploy in which it keeps its response, when
 * the request has a key.
 */
export async function once(
  { catalog, clock, keys }: Pick<ApiContext, 'catalog' | 'clock' | 'keys'>,
  request: FastifyRequest,
  site: SiteRow,
  commit: (answerIn: string | undefined) => Promise<Commit>,
): Promise<Commit> {
  const keyed = repeatable(request);
  if (keyed === undefined) return commit(undefined);
  const body = Readable.from([Buffer.from(JSON.stringify(request.body ?? null))]);
  const deploy = await keys.deployOf(keyed, body, async (body) => {
    for await (const _ of body);
    return (await createDeploy(catalog, clock, site, Readable.from([]))).id;
  });
  try {
    return await commit(deploy);
  } catch (error) {
    // A repeated request begins anew.
    await catalog.dropDeploy(deploy).catch(() => {});
    throw error;
  }
}
