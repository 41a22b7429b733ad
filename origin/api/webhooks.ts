import { Type } from 'typebox';
import type { HttpServer } from '../../shared/http/server.ts';
import { nameSchema } from '../../shared/site/names.ts';
import { changedWebhookSchema, webhookRequestSchema, webhookSchema } from '../../shared/wire/webhook.ts';
import { type ApiContext, doneAnswer, needsAdmin } from './context.ts';

const params = Type.Object({ name: nameSchema });

export function webhookRoutes(app: HttpServer, context: ApiContext): void {
  const { webhooks, noteAct } = context;
  const onRequest = needsAdmin(context);

  app.get(
    '/v1/webhooks',
    {
      onRequest,
      schema: {
        summary: 'Lists the webhooks',
        response: { 200: Type.Object({ webhooks: Type.Array(webhookSchema) }) },
      },
    },
    async () => ({ webhooks: await webhooks.list() }),
  );

  app.get(
    '/v1/webhooks/:name',
    { onRequest, schema: { summary: 'Shows a webhook', params, response: { 200: webhookSchema } } },
    (request) => webhooks.get(request.params.name),
  );

  app.put(
    '/v1/webhooks/:name',
    {
      onRequest,
      schema: {
        summary: 'Creates or changes a webhook',
        params,
        body: webhookRequestSchema,
        response: { 200: changedWebhookSchema },
      },
    },
    async ({ params: { name }, body: { url, kinds, site, secret } }) => {
      const webhook = await webhooks.set(name, {
        ...{ url, ...(kinds && { kinds }), ...(site !== undefined && { site }) },
        ...(secret !== undefined && { secret }),
      });
      // Paths and queries of such addresses are often secrets. `site` would show the event to readers of the site.
      noteAct('webhook-set', { webhook: name, receiver: new URL(url).host, kinds, ofSite: site });
      return webhook;
    },
  );

  app.delete(
    '/v1/webhooks/:name',
    { onRequest, schema: { summary: 'Deletes a webhook', response: doneAnswer, params } },
    async (request, reply) => {
      const { name } = request.params;
      await webhooks.delete(name);
      noteAct('webhook-delete', { webhook: name });
      return reply.code(204).send();
    },
  );
}
