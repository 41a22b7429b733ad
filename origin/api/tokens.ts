import { Type } from 'typebox';
import type { HttpServer } from '../../shared/http/server.ts';
import {
  newTokenSchema,
  rotateRequestSchema,
  tokenRequestSchema,
  tokenSchema,
} from '../../shared/wire/token-api.ts';
import { requirePermission } from '../access/permission.ts';
import { createToken, rotateToken, shownTokens } from '../access/tokens.ts';
import { authenticate } from './authorize.ts';
import { type ApiContext, doneAnswer, needsAdmin } from './context.ts';

export function tokenRoutes(app: HttpServer, context: ApiContext): void {
  const { catalog, clock, tokens, noteAct } = context;

  app.post(
    '/v1/tokens',
    {
      onRequest: needsAdmin(context),
      schema: { summary: 'Creates a token', body: tokenRequestSchema, response: { 200: newTokenSchema } },
    },
    async ({ body }) => {
      const made = await createToken(catalog, clock, body, tokens);
      noteAct('token-create', { created: made.id, ...body });
      return made;
    },
  );

  app.get(
    '/v1/tokens',
    {
      onRequest: needsAdmin(context),
      schema: {
        summary: 'Lists the tokens, without their secrets',
        response: { 200: Type.Object({ tokens: Type.Array(tokenSchema) }) },
      },
    },
    async () => ({ tokens: await shownTokens(catalog, clock.now()) }),
  );

  app.post(
    '/v1/tokens/:id/rotate',
    {
      // A token may replace itself, so that a pipeline can do it without admin rights.
      onRequest: async (request) => {
        request.token = await authenticate(request, context);
        const { id } = request.params as { id: string };
        if (id !== request.token.id) requirePermission(request.token.scopes, { kind: 'admin' });
      },
      schema: {
        summary: 'Replaces a token by a new one',
        description:
          'Makes a new token with the same scope and lifetime. The old one stays valid for `overlap` seconds.',
        params: Type.Object({ id: Type.String() }),
        body: Type.Union([rotateRequestSchema, Type.Null()]),
        response: { 200: newTokenSchema },
      },
    },
    async ({ params, body }) => {
      const made = await rotateToken(catalog, clock, params.id, body ?? {}, tokens);
      noteAct('token-rotate', { rotated: params.id, created: made.id });
      return made;
    },
  );

  app.delete(
    '/v1/tokens/:id',
    {
      onRequest: needsAdmin(context),
      schema: {
        summary: 'Revokes a token',
        response: doneAnswer,
        params: Type.Object({ id: Type.String() }),
      },
    },
    async ({ params }, reply) => {
      await catalog.revokeToken(params.id);
      noteAct('token-revoke', { revoked: params.id });
      return reply.code(204).send();
    },
  );
}
