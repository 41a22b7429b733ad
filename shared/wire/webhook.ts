import { type Static, Type } from 'typebox';
import { NAME_PATTERN } from '../site/name-pattern.ts';
import { nameSchema } from '../site/names.ts';

const urlSchema = Type.String({ maxLength: 2000, description: 'Where events are sent. It needs https.' });
const secretSchema = Type.String({
  pattern: '^whsec_[A-Za-z0-9+/]{32,88}={0,2}$',
  description:
    'The key of the signatures: `whsec_` and 24 to 64 bytes in base64, as Standard Webhooks has it.',
});

/** PUT /v1/webhooks/:name */
export const webhookRequestSchema = Type.Object(
  {
    url: urlSchema,
    kinds: Type.Optional(
      Type.Array(Type.String({ pattern: NAME_PATTERN }), {
        minItems: 1,
        maxItems: 100,
        description: 'Only events of these kinds. Without it, of every kind.',
      }),
    ),
    site: Type.Optional(nameSchema),
    secret: Type.Optional(secretSchema),
  },
  { additionalProperties: false },
);
export type WebhookRequest = Static<typeof webhookRequestSchema>;

export const webhookSchema = Type.Object({
  name: nameSchema,
  url: Type.String(),
  kinds: Type.Union([Type.Array(Type.String()), Type.Null()]),
  site: Type.Union([nameSchema, Type.Null()]),
  delivered: Type.Integer({ description: 'All events up to this id were delivered, given up or left out.' }),
  failing: Type.Union(
    [Type.Object({ since: Type.Integer(), attempts: Type.Integer(), fault: Type.String() }), Type.Null()],
    { description: 'Not null while the receiver does not take an event.' },
  ),
});
export type Webhook = Static<typeof webhookSchema>;

export const changedWebhookSchema = Type.Object({
  ...webhookSchema.properties,
  secret: Type.Optional(
    Type.String({ description: 'The secret that the origin made. It is shown only this once.' }),
  ),
});
export type ChangedWebhook = Static<typeof changedWebhookSchema>;
