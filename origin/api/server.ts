import swagger from '@fastify/swagger';
import type { Logger } from 'pino';
import { httpServer } from '../../shared/http/http-server.ts';
import type { HttpServer } from '../../shared/http/server.ts';
import type { ServerCertificates } from '../../shared/tls/server-certificates.ts';
import { namesCallers } from '../callers/names-callers.ts';
import { aliasRoutes } from './aliases.ts';
import { archiveRoutes } from './archives.ts';
import type { ApiContext } from './context.ts';
import { deployRoutes } from './deploys.ts';
import { descriptionRoutes } from './description.ts';
import { edgeRoutes } from './edges.ts';
import { eventRoutes } from './events.ts';
import { fileRoutes } from './files.ts';
import { healthRoutes } from './health.ts';
import { logRoutes } from './log.ts';
import { objectUploadRoutes } from './object-uploads.ts';
import { purgeRoutes } from './purges.ts';
import { retentionRoutes } from './retention.ts';
import { revisionRoutes } from './revisions.ts';
import { rolloutRoutes } from './rollouts.ts';
import { siteRoutes } from './sites.ts';
import { statusRoutes } from './status.ts';
import { storeRoutes } from './store.ts';
import { taskRoutes } from './tasks.ts';
import { tokenRoutes } from './tokens.ts';
import { webhookRoutes } from './webhooks.ts';

/** The origin's HTTP server with the API. `origin/main.ts` adds the feed to it. */
export async function buildApi(
  context: ApiContext,
  log: Logger,
  certificates?: ServerCertificates,
): Promise<HttpServer> {
  const app: HttpServer = httpServer(log, {
    forceCloseConnections: 'idle',
    clock: context.clock,
    trustedProxies: context.trustedProxies,
    certificates,
  });

  namesCallers(app);
  app.decorateRequest('token', null);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Skerry origin', version: context.version, description: 'The API of a Skerry origin.' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
  });
  descriptionRoutes(app);

  for (const routes of [
    siteRoutes,
    deployRoutes,
    objectUploadRoutes,
    archiveRoutes,
    fileRoutes,
    revisionRoutes,
    aliasRoutes,
    rolloutRoutes,
    purgeRoutes,
    edgeRoutes,
    statusRoutes,
    logRoutes,
    eventRoutes,
    webhookRoutes,
    tokenRoutes,
    taskRoutes,
    retentionRoutes,
    storeRoutes,
    healthRoutes,
  ]) {
    await app.register(async (scope) => routes(scope as HttpServer, context));
  }
  return app;
}
