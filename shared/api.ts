import { type Static, Type } from 'typebox';
import { DIGEST_PATTERN } from './digest.ts';
import { nameSchema } from './protocol.ts';
import { receiptSchema } from './receipt.ts';
import { recordSchema } from './record.ts';

/** The bodies of the origin's API under /v1, for its server, its OpenAPI description and its clients. */

export const digestSchema = Type.String({
  pattern: DIGEST_PATTERN,
  description: 'SHA-256, 64 lower-case hex digits.',
});
export const revisionNumber = Type.Integer({ minimum: 1 });
const closed = { additionalProperties: false } as const;

export const modeSchema = Type.Literal('async');

/** PUT /v1/sites/:site */
export const siteSettingsSchema = Type.Object(
  { domains: Type.Optional(Type.Array(Type.String({ maxLength: 253 }), { maxItems: 100 })) },
  closed,
);
export type SiteSettings = Static<typeof siteSettingsSchema>;

export const siteSchema = Type.Object({
  name: nameSchema,
  domains: Type.Array(Type.String()),
  revision: Type.Integer({ description: 'What is live; 0 before the first publish.' }),
  files: Type.Integer(),
  bytes: Type.Integer(),
});
export type Site = Static<typeof siteSchema>;

/** The header of POST /v1/sites/:site/deploys; `files` and `delete` are streamed beside it. */
export const deployHeaderSchema = Type.Object(
  {
    base: Type.Optional(Type.Integer({ minimum: 0 })),
    expect: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  closed,
);
export type DeployHeader = Static<typeof deployHeaderSchema>;

export const deployFileSchema = Type.Object(
  { digest: digestSchema, size: Type.Integer({ minimum: 0 }) },
  closed,
);

/**
 * A deploy as NDJSON (`application/x-ndjson`): the header may come first, then a line a file or deletion.
 */
export const deployLineSchema = Type.Union([
  Type.Object({ path: Type.String(), digest: digestSchema, size: Type.Integer({ minimum: 0 }) }, closed),
  Type.Object({ delete: Type.String() }, closed),
]);
export type DeployLine = Static<typeof deployLineSchema>;

export const deploySchema = Type.Object({
  id: Type.String(),
  missing: Type.Array(digestSchema),
});
export type Deploy = Static<typeof deploySchema>;

export const commitRequestSchema = Type.Object(
  { mode: Type.Optional(modeSchema), message: Type.Optional(Type.String({ maxLength: 1000 })) },
  closed,
);
export type CommitRequest = Static<typeof commitRequestSchema>;

export const commitSchema = Type.Object({
  revision: Type.Integer(),
  seq: Type.Integer({ description: 'The log record that makes the revision live.' }),
  unchanged: Type.Boolean({
    description: 'True when the tree equals what is live: no new revision was made.',
  }),
  receipts: Type.Array(receiptSchema, { description: 'Those that have come in by the time of the answer.' }),
});
export type Commit = Static<typeof commitSchema>;

export const rollbackRequestSchema = Type.Object({ to: Type.Optional(revisionNumber) }, closed);
export type RollbackRequest = Static<typeof rollbackRequestSchema>;

export const revisionSchema = Type.Object({
  revision: revisionNumber,
  seq: Type.Integer(),
  root: digestSchema,
  base: Type.Integer(),
  files: Type.Integer(),
  bytes: Type.Integer(),
  message: Type.String(),
  time: Type.Integer({ description: 'Milliseconds since 1970.' }),
  restores: Type.Union([Type.Integer(), Type.Null()]),
  live: Type.Boolean(),
});
export type Revision = Static<typeof revisionSchema>;

export const revisionWithReceiptsSchema = Type.Intersect([
  revisionSchema,
  Type.Object({ receipts: Type.Array(receiptSchema) }),
]);
export type RevisionWithReceipts = Static<typeof revisionWithReceiptsSchema>;

/** A line of GET …/manifest, as NDJSON. */
export const manifestLineSchema = Type.Object({
  path: Type.String(),
  digest: digestSchema,
  size: Type.Integer(),
  type: Type.String(),
  time: Type.Integer(),
});
export type ManifestLine = Static<typeof manifestLineSchema>;

/** A line of GET …/diff, as NDJSON. */
export const diffLineSchema = Type.Object({
  change: Type.Union([Type.Literal('added'), Type.Literal('modified'), Type.Literal('deleted')]),
  path: Type.String(),
  digest: Type.Optional(digestSchema),
  size: Type.Optional(Type.Integer()),
});
export type DiffLine = Static<typeof diffLineSchema>;

const siteLag = Type.Object({
  revisions: Type.Integer(),
  bytes: Type.Integer(),
  seconds: Type.Number(),
});

export const edgeStatusSchema = Type.Object({
  name: nameSchema,
  region: Type.String(),
  lat: Type.Union([Type.Number(), Type.Null()]),
  lon: Type.Union([Type.Number(), Type.Null()]),
  version: Type.Union([Type.String(), Type.Null()]),
  online: Type.Boolean(),
  lastSeen: Type.Union([Type.Integer(), Type.Null()]),
  position: Type.Integer(),
  lag: Type.Object({ records: Type.Integer(), bytes: Type.Integer(), seconds: Type.Number() }),
  sites: Type.Record(
    Type.String(),
    Type.Object({
      revision: Type.Integer(),
      lag: siteLag,
      error: Type.Union([Type.String(), Type.Null()]),
    }),
  ),
});
export type EdgeStatus = Static<typeof edgeStatusSchema>;

/** GET /v1/status */
export const statusSchema = Type.Object({
  origin: Type.Object({
    version: Type.String(),
    seq: Type.Integer(),
    sites: Type.Array(siteSchema),
  }),
  edges: Type.Array(edgeStatusSchema),
});
export type Status = Static<typeof statusSchema>;

/** GET /v1/log?from=SEQ&limit=N: records from SEQ on, ascending; without `from` the newest N, ascending. */
export const logPageSchema = Type.Object({ records: Type.Array(recordSchema) });
export type LogPage = Static<typeof logPageSchema>;

/** POST /v1/tokens */
export const tokenRequestSchema = Type.Object(
  {
    scope: Type.String({ maxLength: 80 }),
    expires: Type.Optional(Type.Integer({ minimum: 1, description: 'Seconds from now.' })),
    edge: Type.Optional(nameSchema),
  },
  closed,
);
export type TokenRequest = Static<typeof tokenRequestSchema>;

export const newTokenSchema = Type.Object({
  id: Type.String(),
  token: Type.String({ description: 'Shown this once.' }),
});
export type NewToken = Static<typeof newTokenSchema>;

export const tokenSchema = Type.Object({
  id: Type.String(),
  scope: Type.String(),
  edge: Type.Union([Type.String(), Type.Null()]),
  created: Type.Integer(),
  expires: Type.Union([Type.Integer(), Type.Null()]),
  state: Type.Union([
    Type.Literal('valid'),
    Type.Literal('expired'),
    Type.Literal('revoked'),
    Type.Literal('used'),
  ]),
});
export type Token = Static<typeof tokenSchema>;
