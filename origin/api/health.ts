import type { FastifyRequest } from 'fastify';
import { cameThroughProxy, requireLocalHost } from '../../shared/http/local-request.ts';
import type { HttpServer } from '../../shared/http/server.ts';
import { type ApiContext, needsRead } from './context.ts';

export function healthRoutes(app: HttpServer, context: ApiContext): void {
  const { catalog, clock, scrape } = context;

  app.get('/healthz', { schema: { hide: true } }, () => ({ status: 'ok' }));

  app.get('/readyz', { schema: { hide: true } }, async () => {
    await catalog.head(clock.now());
    return { status: 'ready' };
  });

  const onRequest = metricsNeed(context);
  app.get('/metrics', { onRequest, schema: { hide: true } }, async (_request, reply) => {
    const { contentType, text } = await scrape();
    return reply.type(contentType).send(text);
  });
}

/** Asks for a token, unless the request comes from this machine, under a loopback name and not through a proxy. */
function metricsNeed(context: ApiContext) {
  const needsToken = needsRead(context);
  return async (request: FastifyRequest): Promise<void> => {
    const { headers } = request;
    if (!context.isLoopback || headers.authorization !== undefined || cameThroughProxy(headers))
      return needsToken(request);
    requireLocalHost(headers);
  };
}
