import type { HttpServer } from '../../shared/http/server.ts';
import { migrationRequestSchema, migrationSchema, storeStatusSchema } from '../../shared/wire/store-api.ts';
import { type ApiContext, needsAdmin } from './context.ts';

export function storeRoutes(app: HttpServer, context: ApiContext): void {
  const { verifier, migration, noteAct } = context;

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

  app.get(
    '/v1/store/migration',
    {
      onRequest: needsAdmin(context),
      schema: { summary: 'Shows where the objects are, and a move', response: { 200: migrationSchema } },
    },
    async () => migration.status(),
  );

  app.post(
    '/v1/store/migration',
    {
      onRequest: needsAdmin(context),
      schema: {
        summary: 'Moves the objects to another store',
        description:
          'Begins a move, or joins the one to this store that is under way. `GET /v1/store/migration` tells how far it is. The origin works on meanwhile. The earlier store is kept until it is deleted.',
        body: migrationRequestSchema,
        response: { 202: migrationSchema },
      },
    },
    async ({ body }, reply) => {
      await migration.begin(body.to);
      noteAct('store-migrate', { to: body.to });
      return reply.code(202).send(migration.status());
    },
  );

  app.delete(
    '/v1/store/migration',
    {
      onRequest: needsAdmin(context),
      schema: {
        summary: 'Cancels the move of the objects',
        description: 'The origin deletes what it has copied.',
        response: { 202: migrationSchema },
      },
    },
    async (_request, reply) => {
      await migration.cancel();
      noteAct('store-migrate-cancel', {});
      return reply.code(202).send(migration.status());
    },
  );

  app.delete(
    '/v1/store/kept',
    {
      onRequest: needsAdmin(context),
      schema: {
        summary: 'Deletes the objects of the earlier store',
        response: { 202: migrationSchema },
      },
    },
    async (_request, reply) => {
      await migration.dropOld();
      noteAct('store-drop', {});
      return reply.code(202).send(migration.status());
    },
  );

  app.post(
    '/v1/store/forget',
    {
      onRequest: needsAdmin(context),
      schema: {
        summary: 'Forgets the second store, and leaves its objects there',
        description:
          'For a store that cannot be reached any more. It also ends a move, or the deletion of objects.',
        response: { 202: migrationSchema },
      },
    },
    async (_request, reply) => {
      await migration.forget();
      noteAct('store-forget', {});
      return reply.code(202).send(migration.status());
    },
  );
}
