import type { HttpServer } from '../../shared/http/server.ts';
import { storeStatusSchema } from '../../shared/wire/store-api.ts';
import { type ApiContext, needsAdmin } from './context.ts';

export function storeRoutes(app: HttpServer, context: ApiContext): void {
  const { verifier } = context;

  app.get(
    '/v1/store',
    {
      onRequest: needsAdmin(context),
      schema: {
        summary: 'Shows the state of the object store',
        description: 'Shows the damage in the store of objects, and the newest pass over it.',
        response: { 200: storeStatusSchema },
      },
    },
    () => verifier.status(),
  );

  app.post(
    '/v1/store/verify',
    {
      onRequest: needsAdmin(context),
      schema: {
        summary: 'Reads and checks all objects',
        description:
          'Begins a pass over all objects, or joins a pass that somebody has already asked for. `GET /v1/store` tells when it has ended.',
        response: { 202: storeStatusSchema },
      },
    },
    async (_request, reply) => reply.code(202).send(await verifier.verifyNow()),
  );
}
