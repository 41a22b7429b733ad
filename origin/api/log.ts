import { Type } from 'typebox';
import { logPageSchema } from '../../shared/api.ts';
import { type Api, type ApiContext, needsRead } from './context.ts';

const query = Type.Object({
  from: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$' })),
  limit: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,3}$' })),
});

export function logRoutes(app: Api, context: ApiContext): void {
  const { catalog, clock } = context;
  app.get(
    '/v1/log',
    { onRequest: needsRead(context), schema: { querystring: query, response: { 200: logPageSchema } } },
    async (request) => {
      const limit = Number(request.query.limit ?? 100);
      const newest = async () => (await catalog.head(clock.now())).seq - limit + 1;
      const from = request.query.from === undefined ? await newest() : Number(request.query.from);
      return { records: await catalog.records(from, limit) };
    },
  );
}
