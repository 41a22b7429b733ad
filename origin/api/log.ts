import { Type } from 'typebox';
import type { HttpServer } from '../../shared/http/server.ts';
import { logPageSchema } from '../../shared/wire/api.ts';
import { type ApiContext, needsRead } from './context.ts';

const query = Type.Object({
  from: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$' })),
  limit: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,3}$' })),
});

export function logRoutes(app: HttpServer, context: ApiContext): void {
  const { catalog } = context;
  app.get(
    '/v1/log',
    {
      onRequest: needsRead(context),
      schema: {
        summary: 'Shows signed records of the log',
        querystring: query,
        response: { 200: logPageSchema },
      },
    },
    async ({ query: { from, limit = '100' } }) => ({
      records: await (from === undefined
        ? catalog.newestRecords(Number(limit))
        : catalog.records(Number(from), Number(limit))),
    }),
  );
}
