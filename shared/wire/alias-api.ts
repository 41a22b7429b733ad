import { type Static, Type } from 'typebox';
import { ALIAS_LIFE, aliasNameSchema } from '../site/alias.ts';
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
