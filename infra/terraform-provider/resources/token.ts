import { hasCode, SkerryError } from '../../../shared/errors.ts';
import type { ObjectValue } from '../values/dynamic-value.ts';
import { numberOrNull, text, textOrNull, textsOrNull } from '../values/reading.ts';
import type { Attributes } from '../values/schema.ts';
import type { Context, EphemeralResource, Resource } from './resource.ts';

const asked: Attributes = {
  scope: {
    description:
      '`admin`, `read`, `read:SITE`, `publish:SITE`, `publish:SITE/FOLDER/`, `publish:SITE@ALIAS`, `domains:HOST` or `join`. Separate several with commas.',
    ...{ presence: 'required', type: 'string', forcesReplacement: true },
  },
  expires_in: {
    description: 'The token expires after this many seconds.',
    ...{ presence: 'optional', type: 'number', forcesReplacement: true },
  },
  edge: {
    description: 'With the scope `join`, the only name that an edge may join with.',
    ...{ presence: 'optional', type: 'string', forcesReplacement: true },
  },
  sites: {
    description: 'With the scope `join`, the sites that the edge may read.',
    ...{ presence: 'optional', type: ['set', 'string'], forcesReplacement: true },
  },
};

const made: Attributes = {
  id: { description: 'The id of the token, which is no secret.', presence: 'computed', type: 'string' },
  token: { description: 'The token.', presence: 'computed', type: 'string', isSensitive: true },
};

/** A token whose text stays in Terraform's state. */
export const token: Resource = {
  description:
    'A token of the origin. Its text is in the state; that of the ephemeral resource `skerry_token` is not.',
  attributes: { ...asked, ...made },

  async create(planned, context) {
    return { ...planned, ...(await newToken(planned, context)) };
  },

  async read(state, context) {
    const client = await context.client();
    const found = (await client.tokens()).find(({ id }) => id === state.id);
    // A used join token has served its purpose, so it stays in the state and is not created again.
    return found?.state === 'valid' || found?.state === 'used' ? state : null;
  },

  update() {
    throw new SkerryError('bad-request', 'a token cannot be changed');
  },

  async delete(state, context) {
    await revoke(text(state.id), context);
  },
};

/** A token for one run of Terraform. It is revoked at the end of the run. */
export const ephemeralToken: EphemeralResource = {
  description: 'A token that exists only during one run of Terraform and is never written to the state.',
  attributes: { ...asked, ...made },

  async open(config, context) {
    const { id, token } = await newToken(config, context);
    return { result: { ...config, id, token }, id };
  },

  close: (id, context) => revoke(id, context),
};

async function newToken(
  planned: ObjectValue,
  context: Context,
): Promise<{ readonly id: string; readonly token: string }> {
  const client = await context.client();
  const [expires, edge, mayRead] = [
    numberOrNull(planned.expires_in),
    textOrNull(planned.edge),
    textsOrNull(planned.sites),
  ];
  return client.createToken({
    scope: text(planned.scope),
    ...(expires !== null && { expires }),
    ...(edge !== null && { edge }),
    ...(mayRead !== null && { mayRead }),
  });
}

async function revoke(id: string, context: Context): Promise<void> {
  const client = await context.client();
  await client.revokeToken(id).catch((error: unknown) => {
    if (!hasCode(error, 'no-such-token')) throw error;
  });
}
