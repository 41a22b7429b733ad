import { type Static, Type } from 'typebox';
import { mayReadSchema, nameSchema } from '../site/names.ts';

const closed = { additionalProperties: false } as const;

/** POST /v1/tokens */
export const tokenRequestSchema = Type.Object(
  {
    scope: Type.String({
      maxLength: 2000,
      description:
        'admin, read, read:SITE, publish:SITE, publish:SITE/FOLDER/, publish:SITE@ALIAS, domains:HOST or join. Separate several scopes with commas.',
    }),
    expires: Type.Optional(
      Type.Integer({ minimum: 1, description: 'The token expires after this many seconds.' }),
    ),
    edge: Type.Optional(nameSchema),
    mayRead: Type.Optional(mayReadSchema),
  },
  closed,
);
export type TokenRequest = Static<typeof tokenRequestSchema>;

/** POST /v1/tokens/:id/rotate */
export const rotateRequestSchema = Type.Object(
  {
    overlap: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 30 * 86_400,
        description: 'For how many seconds the old token stays valid. The default is a day.',
      }),
    ),
  },
  closed,
);
export type RotateRequest = Static<typeof rotateRequestSchema>;

export const newTokenSchema = Type.Object({
  id: Type.String(),
  token: Type.String({ description: 'The token. The origin shows it only this once.' }),
});
export type NewToken = Static<typeof newTokenSchema>;

export const tokenSchema = Type.Object({
  id: Type.String(),
  scope: Type.String(),
  edge: Type.Union([Type.String(), Type.Null()]),
  created: Type.Integer(),
  expires: Type.Union([Type.Integer(), Type.Null()]),
  used: Type.Union([Type.Integer(), Type.Null()], {
    description: 'When it was last used, within a minute; null for never.',
  }),
  state: Type.Union([
    Type.Literal('valid'),
    Type.Literal('expired'),
    Type.Literal('revoked'),
    Type.Literal('used'),
  ]),
});
export type Token = Static<typeof tokenSchema>;
