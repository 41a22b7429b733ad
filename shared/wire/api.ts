import { type Static, Type } from 'typebox';
import { NODE_COUNT } from '../content/buckets.ts';
import { DIGEST_PATTERN } from '../content/digest.ts';
import { purgeReceiptSchema } from '../log/purge-receipt.ts';
import { receiptSchema } from '../log/receipt.ts';
import { recordSchema } from '../log/record.ts';
import { labelsSchema, MOST_LABELS, mayReadSchema, nameSchema } from '../site/names.ts';
import { MOST_PURGED, purgeTargetSchema } from '../site/purge.ts';
import { modeSchema, policyChangeSchema, sitePolicySchema } from '../site/site-policy.ts';
import { aliasSchema } from './alias-api.ts';
import { healthSchema, readersSchema, shownUseSchema } from './edge-feedback.ts';
import { originCertificateSchema } from './origin-certificate.ts';
import { edgeLimitsSchema, faultSchema } from './protocol.ts';

/** The bodies of the origin's API under /v1. The server, its OpenAPI description and its clients share them. */

export const digestSchema = Type.String({
  pattern: DIGEST_PATTERN,
  description: 'SHA-256, 64 lower-case hex digits.',
});
const revisionNumber = Type.Integer({ minimum: 1 });
export const closed = { additionalProperties: false } as const;

/** PUT /v1/sites/:site. Parts that are left out stay as they are. */
export const siteSettingsSchema = Type.Object(
  {
    domains: Type.Optional(Type.Array(Type.String({ maxLength: 253 }), { maxItems: 100 })),
    policy: Type.Optional(policyChangeSchema),
  },
  closed,
);
export type SiteSettings = Static<typeof siteSettingsSchema>;

const opensSchema = Type.Union([Type.Integer(), Type.Null()], {
  description:
    'When the window opens that makes the pending batch revision live, in milliseconds since 1970.',
});

const pendingSchema = Type.Object({
  revision: revisionNumber,
  mode: modeSchema,
  since: Type.Integer({ description: 'When it was committed, in milliseconds since 1970.' }),
  opens: opensSchema,
});

export const siteSchema = Type.Object({
  name: nameSchema,
  domains: Type.Array(Type.String()),
  revision: Type.Integer({ description: 'The live revision; 0 before the first publish.' }),
  files: Type.Integer(),
  bytes: Type.Integer(),
  pending: Type.Union([pendingSchema, Type.Null()], {
    description: 'The newest revision, while it is committed but not live.',
  }),
  policy: sitePolicySchema,
});
export type Site = Static<typeof siteSchema>;

/** Without a mode, the site's mode applies. */
export const modeChoice = { mode: Type.Optional(modeSchema) };

/** PUT and DELETE …/files/* */
export const modeQuerySchema = Type.Object(modeChoice, closed);

// PostgreSQL cannot store U+0000 in a text.
export const message = Type.Optional(Type.String({ maxLength: 1000, pattern: '^[^\\u0000]*$' }));

const outcomeSchema = Type.Union([
  Type.Literal('live'),
  Type.Literal('pending'),
  Type.Literal('degraded'),
  Type.Literal('draft'),
  Type.Literal('rollout'),
]);

const commitEdgeSchema = Type.Object({
  edge: nameSchema,
  state: Type.Union([Type.Literal('visible'), Type.Literal('unconfirmed'), Type.Literal('not-prepared')]),
});

export const commitSchema = Type.Object({
  revision: Type.Integer(),
  seq: Type.Integer({
    description:
      'The log record that makes the revision live. While the revision is pending, its own record.',
  }),
  unchanged: Type.Boolean({
    description: 'True when the tree equals the newest revision, so that no new revision was made.',
  }),
  mode: modeSchema,
  outcome: outcomeSchema,
  edges: Type.Array(commitEdgeSchema, { description: 'For a sync publish: the edges that it waited for.' }),
  opens: opensSchema,
  receipts: Type.Array(receiptSchema, { description: 'The receipts that the origin had when it answered.' }),
  alias: Type.Optional(aliasSchema),
});
export type Commit = Static<typeof commitSchema>;

export const rollbackRequestSchema = Type.Object(
  { to: Type.Optional(revisionNumber), ...modeChoice },
  closed,
);
export type RollbackRequest = Static<typeof rollbackRequestSchema>;

export const purgeRequestSchema = Type.Object(
  {
    all: Type.Optional(
      Type.Boolean({ description: 'Purges the whole site; not together with paths or tags.' }),
    ),
    paths: Type.Optional(
      Type.Array(Type.String({ maxLength: 4096 }), {
        maxItems: MOST_PURGED.paths,
        description: `Published paths, and up to ${MOST_PURGED.globs} patterns with a *, as in _headers. Paths and tags together have at most 64 KiB.`,
      }),
    ),
    tags: Type.Optional(
      Type.Array(Type.String({ maxLength: 256 }), {
        maxItems: MOST_PURGED.tags,
        description: 'Tags of Cache-Tag or Surrogate-Key.',
      }),
    ),
  },
  closed,
);
export type PurgeRequest = Static<typeof purgeRequestSchema>;

export const purgeSchema = Type.Object({
  seq: Type.Integer({ description: 'The sequence number of its record in the log.' }),
  time: Type.Integer({ description: 'Milliseconds since 1970.' }),
  target: purgeTargetSchema,
  receipts: Type.Array(purgeReceiptSchema, { description: 'The receipts that the origin has so far.' }),
});
export type Purge = Static<typeof purgeSchema>;

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
  mode: modeSchema,
  state: Type.Union(
    [
      Type.Literal('pending'),
      Type.Literal('superseded'),
      Type.Literal('draft'),
      Type.Literal('activated'),
      Type.Literal('aborted'),
    ],
    {
      description:
        'A superseded revision never became live, because a later one took its place. A draft is shown only under its aliases.',
    },
  ),
  pinned: Type.Boolean({ description: 'True when the revision is kept until it is unpinned.' }),
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
  meta: Type.Optional(
    Type.Record(Type.String(), Type.String(), {
      description: 'The fields that are stored with the file, if any.',
    }),
  ),
  time: Type.Integer(),
});
export type ManifestLine = Static<typeof manifestLineSchema>;

/** GET …/digests */
export const contentDigestsSchema = Type.Object({
  nodes: Type.Array(Type.Union([digestSchema, Type.Null()]), {
    minItems: NODE_COUNT,
    maxItems: NODE_COUNT,
    description:
      'A path belongs to the node whose number is the first byte of SHA-256(path). The digest of a node is the SHA-256 of the concatenated lines of its files, in the order of SHA-256(path), of which the first two bytes count, and then of the bytes of the path. Each file has four lines, each with its line feed: digest, media type, JSON text of the stored fields as sorted pairs, and path. Null for a node without files.',
  }),
});
export type ContentDigests = Static<typeof contentDigestsSchema>;

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
  online: Type.Boolean({ description: 'True while the edge holds a lease.' }),
  paused: Type.Boolean(),
  drained: Type.Boolean({
    description: 'True while the edge sends its readers to other edges.',
  }),
  revoked: Type.Boolean(),
  labels: labelsSchema,
  mayRead: Type.Union([Type.Array(nameSchema), Type.Null()], {
    description: 'The sites that the edge may read; null for every site.',
  }),
  parent: Type.Union([nameSchema, Type.Null()], {
    description: 'The edge that this edge follows; null for the origin.',
  }),
  limits: edgeLimitsSchema,
  clockOffset: Type.Union([Type.Integer(), Type.Null()], {
    description:
      "The milliseconds that the edge's clock is ahead of the origin's, as the edge reports; null before its first report.",
  }),
  faults: Type.Array(faultSchema),
  lastSeen: Type.Union([Type.Integer(), Type.Null()]),
  position: Type.Integer(),
  diverged: Type.Union([Type.Object({ position: Type.Integer(), head: Type.Integer() }), Type.Null()], {
    description:
      "Not null when the edge has records up to `position` that are not in the origin's log, which ends at `head`: the origin was restored from an older copy. The origin then does not know what the edge shows, and `sites` is empty.",
  }),
  health: healthSchema,
  use: shownUseSchema,
  lag: Type.Object({ records: Type.Integer(), bytes: Type.Integer(), seconds: Type.Number() }),
  sites: Type.Record(
    Type.String(),
    Type.Object({
      revision: Type.Integer(),
      prepared: Type.Integer({
        description: 'The revision that waits at the edge for its activation; 0 for none.',
      }),
      lag: siteLag,
      error: Type.Union([Type.String(), Type.Null()]),
      readers: readersSchema,
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
    certificate: Type.Union([originCertificateSchema, Type.Null()], {
      description: 'The certificate that the origin shows; null for an origin that speaks plain HTTP.',
    }),
  }),
  edges: Type.Array(edgeStatusSchema),
});
export type Status = Static<typeof statusSchema>;

/**
 * GET /v1/log?from=SEQ&limit=N: the records from SEQ on in ascending order; without `from`, the newest N in ascending
 * order. A page ends early when its records reach a megabyte. To get more, ask again from the last record on.
 */
export const logPageSchema = Type.Object({ records: Type.Array(recordSchema) });
export type LogPage = Static<typeof logPageSchema>;

/** POST /v1/edges/:name/labels */
export const labelsRequestSchema = Type.Object(
  {
    add: Type.Optional(labelsSchema),
    remove: Type.Optional(Type.Array(nameSchema, { maxItems: MOST_LABELS, uniqueItems: true })),
  },
  closed,
);
export type LabelsRequest = Static<typeof labelsRequestSchema>;

/** PUT /v1/edges/:name/may-read */
export const mayReadRequestSchema = Type.Object(
  {
    sites: Type.Union([mayReadSchema, Type.Null()], {
      description: 'The sites that the edge may read; null for every site.',
    }),
  },
  closed,
);

/** POST /v1/prune */
export const pruneRequestSchema = Type.Object(
  {
    dryRun: Type.Optional(Type.Boolean({ description: 'Returns the plan and deletes nothing.' })),
    log: Type.Optional(
      Type.Boolean({ description: 'Writes a checkpoint and deletes all log records before it.' }),
    ),
  },
  closed,
);
export type PruneRequest = Static<typeof pruneRequestSchema>;

export const prunePlanSchema = Type.Object({
  sites: Type.Array(
    Type.Object({
      site: nameSchema,
      deleted: Type.Boolean(),
      revisions: Type.Array(Type.Integer()),
      rows: Type.Integer({ description: 'Rows of the catalog that are deleted.' }),
      objects: Type.Integer({ description: 'Objects that no other site needs.' }),
      bytes: Type.Integer(),
    }),
  ),
  objects: Type.Integer({
    description:
      'Objects that are deleted from the store. An object stays for an hour after its last upload.',
  }),
  bytes: Type.Integer({ description: 'The total size of those objects.' }),
  records: Type.Integer({ description: 'Records that are deleted from the log.' }),
});
export type PrunePlan = Static<typeof prunePlanSchema>;
