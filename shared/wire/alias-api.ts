import { type Static, Type } from 'typebox';
import { ALIAS_LIFE, aliasNameSchema } from '../site/alias.ts';
import { nameSchema } from '../site/names.ts';
import { modeSchema } from '../site/site-policy.ts';

const revisionNumber = Type.Integer({ minimum: 1 });
const closed = { additionalProperties: false } as const;

export const aliasLife = Type.Integer({
  minimum: 60,
  maximum: ALIAS_LIFE.most,
  description: 'The alias expires after this many seconds. The default is 30 days.',
});

export const aliasSchema = Type.Object({
  name: aliasNameSchema,
  revision: revisionNumber,
  seq: Type.Integer({ description: 'The log record that points the alias at the revision.' }),
  expires: Type.Integer({
    description: 'When edges stop to answer under the alias, in milliseconds since 1970.',
  }),
  hosts: Type.Array(Type.String(), { description: 'The hosts under which edges answer.' }),
});
export type Alias = Static<typeof aliasSchema>;

/** What one edge shows under an alias. */
const aliasShownSchema = Type.Object({
  edge: nameSchema,
  revision: Type.Integer({ description: 'The revision that readers see under the alias; 0 for none.' }),
  pendingBytes: Type.Integer({ description: 'Bytes that the edge still has to fetch for the site.' }),
  error: Type.Union([Type.String(), Type.Null()]),
});
export type AliasShown = Static<typeof aliasShownSchema>;

/** GET /v1/sites/:site/aliases/:alias */
export const aliasWithEdgesSchema = Type.Intersect([
  aliasSchema,
  Type.Object({
    edges: Type.Array(aliasShownSchema, {
      description:
        'What the edges that replicate the site show under the alias, according to their newest reports. Edges that are paused, drained, delayed, scheduled, revoked or diverged are left out.',
    }),
  }),
]);
export type AliasWithEdges = Static<typeof aliasWithEdgesSchema>;

/** PUT /v1/sites/:site/aliases/:alias */
export const aliasRequestSchema = Type.Object(
  { revision: revisionNumber, expires: Type.Optional(aliasLife) },
  closed,
);
export type AliasRequest = Static<typeof aliasRequestSchema>;

/** POST /v1/sites/:site/activate */
export const activateRequestSchema = Type.Object(
  {
    revision: Type.Optional(revisionNumber),
    alias: Type.Optional(aliasNameSchema),
    mode: Type.Optional(modeSchema),
    now: Type.Optional(Type.Boolean({ description: 'For a batch site: opens a window now.' })),
  },
  closed,
);
export type ActivateRequest = Static<typeof activateRequestSchema>;
