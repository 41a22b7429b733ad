import { Type } from 'typebox';
import type { HttpServer } from '../../shared/http/server.ts';
import { newTokenSchema, tokenRequestSchema, tokenSchema } from '../../shared/wire/api.ts';
import { createToken, shownTokens } from '../access/tokens.ts';
import { type ApiContext, needsAdmin } from './context.ts';

export function tokenRoutes(app: HttpServer, context: ApiContext): void {
  const { catalog, clock, recovery, noteAct } = context;

  app.post(
    '/v1/tokens',
    {
      onRequest: needsAdmin(context),
      schema: { body: tokenRequestSchema, response: { 200: newTokenSchema } },
    },
    async ({ body }) => {
      const made = await createToken(catalog, clock, body, recovery);
      noteAct('token-create', { created: made.id, ...body });
      return made;
    },
  );

  app.get(
    '/v1/tokens',
    {
      onRequest: needsAdmin(context),
      schema: { response: { 200: Type.Object({ tokens: Type.Array(tokenSchema) }) } },
    },
    async () => ({ tokens: await shownTokens(catalog, clock.now()) }),
  );

  app.delete(
    '/v1/tokens/:id',
    { onRequest: needsAdmin(context), schema: { params: Type.Object({ id: Type.String() }) } },
    async ({ params }, reply) => {
      await catalog.revokeToken(params.id);
      noteAct('token-revoke', { revoked: params.id });
      return reply.code(204).send();
    },
  );
}
