import { Type } from 'typebox';
import { schema } from '../../shared/json/schema.ts';
import {
  type ChangedWebhook,
  changedWebhookSchema,
  type Webhook,
  type WebhookRequest,
  webhookSchema,
} from '../../shared/wire/webhook.ts';
import type { ApiClient } from './api-client.ts';

const answers = {
  list: schema(Type.Object({ webhooks: Type.Array(webhookSchema) })),
  changed: schema(changedWebhookSchema),
};

export async function webhooksOf(client: ApiClient): Promise<Webhook[]> {
  return (await client.ask('GET', '/v1/webhooks', answers.list)).webhooks;
}

export function setWebhook(
  client: ApiClient,
  name: string,
  request: WebhookRequest,
): Promise<ChangedWebhook> {
  return client.ask('PUT', `/v1/webhooks/${name}`, answers.changed, request);
}

export function deleteWebhook(client: ApiClient, name: string): Promise<void> {
  return client.delete(`/v1/webhooks/${name}`);
}
