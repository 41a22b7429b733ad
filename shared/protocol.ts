import { type Static, Type } from 'typebox';
import { DIGEST_PATTERN } from './digest.ts';
import { headSchema } from './head.ts';
import { receiptSchema } from './receipt.ts';
import { schema } from './schema.ts';

/** Names of sites and edges: DNS labels, since `<site>.localhost` is a host. */
export const NAME_PATTERN = '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$';

export const nameSchema = Type.String({ pattern: NAME_PATTERN, maxLength: 63 });

/** POST /feed/v1/join. `proof` is the edge key's signature over joinProofText: it holds the private key. */
export const joinRequestSchema = Type.Object(
  {
    token: Type.String({ maxLength: 200 }),
    name: nameSchema,
    region: Type.String({ minLength: 1, maxLength: 63 }),
    lat: Type.Union([Type.Number({ minimum: -90, maximum: 90 }), Type.Null()]),
    lon: Type.Union([Type.Number({ minimum: -180, maximum: 180 }), Type.Null()]),
    publicKey: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }),
    proof: Type.String({ maxLength: 100 }),
  },
  { additionalProperties: false },
);
export type JoinRequest = Static<typeof joinRequestSchema>;

export function joinProofText(request: Pick<JoinRequest, 'token' | 'name' | 'publicKey'>): string {
  return JSON.stringify(['skerry-join-1', request.token, request.name, request.publicKey]);
}

export const joinAnswerSchema = Type.Object({
  log: Type.String(),
  epoch: Type.Integer(),
  seq: Type.Integer({ description: 'The `member` record that admits this edge.' }),
  key: Type.Object({ publicKey: Type.String(), recoveryKey: Type.String(), certificate: Type.String() }),
  head: headSchema,
});
export type JoinAnswer = Static<typeof joinAnswerSchema>;
export const joinAnswer = schema(joinAnswerSchema);

/** What an edge shows of one site. Revision 0 with a null root: nothing is visible yet. */
export const siteReportSchema = Type.Object({
  site: Type.Integer(),
  revision: Type.Integer(),
  target: Type.Integer({ description: 'The revision that it is working towards.' }),
  pendingBytes: Type.Integer({ description: 'Bytes of objects still to fetch for the target.' }),
  error: Type.Union([Type.String(), Type.Null()]),
});
export type SiteReport = Static<typeof siteReportSchema>;

/** POST /feed/v1/report: sent at each change and every few seconds. */
export const edgeReportSchema = Type.Object(
  {
    position: Type.Integer({ minimum: 0 }),
    version: Type.String({ maxLength: 40 }),
    sites: Type.Array(siteReportSchema, { maxItems: 10_000 }),
    receipts: Type.Array(receiptSchema, { maxItems: 1000 }),
  },
  { additionalProperties: false },
);
export type EdgeReport = Static<typeof edgeReportSchema>;

/** POST /feed/v1/bundle */
export const bundleRequestSchema = Type.Object(
  { digests: Type.Array(Type.String({ pattern: DIGEST_PATTERN }), { minItems: 1, maxItems: 4096 }) },
  { additionalProperties: false },
);
