import swagger from '@fastify/swagger';
import type { FastifyError, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { SkerryError } from '../../shared/errors.ts';
import { answerProblem } from '../../shared/http/answer-problems.ts';
import { httpServer } from '../../shared/http/http-server.ts';
import { type Caller, caller } from '../callers/caller.ts';
import type { Api, ApiContext } from './context.ts';
import { deployRoutes } from './deploys.ts';
import { edgeRoutes } from './edges.ts';
import { fileRoutes } from './files.ts';
import { healthRoutes } from './health.ts';
import { logRoutes } from './log.ts';
import { purgeRoutes } from './purges.ts';
import { retentionRoutes } from './retention.ts';
import { revisionRoutes } from './revisions.ts';
import { siteRoutes } from './sites.ts';
import { statusRoutes } from './status.ts';
import { tokenRoutes } from './tokens.ts';

const MAX_URL_PART = 8 * 1024;

/** The origin's HTTP server without its routes' context; the feed is registered beside it. */
export async function buildApi(context: ApiContext, log: Logger): Promise<Api> {
  const app: Api = httpServer(log, {
    routerOptions: { maxParamLength: MAX_URL_PART },
    forceCloseConnections: 'idle',
    frameworkErrors: (error, request, reply) => answerProblem(reply, refusedUrl(error, request.url), log),
    clock: context.clock,
  });

  namesCallers(app);
  app.decorateRequest('scopes', null);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Skerry origin', version: context.version, description: 'The API of a Skerry origin.' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
  });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());

  for (const routes of [
    siteRoutes,
    deployRoutes,
    fileRoutes,
    revisionRoutes,
    purgeRoutes,
    edgeRoutes,
    statusRoutes,
    logRoutes,
    tokenRoutes,
    retentionRoutes,
    healthRoutes,
  ]) {
    await app.register(async (scope) => routes(scope as Api, context));
  }
  return app;
}

/** In both hooks: after a body was read the request runs in the connection's context again, which names nobody. */
function namesCallers(app: Api): void {
  const callers = new WeakMap<FastifyRequest, Caller>();
  app.addHook('onRequest', (request, _reply, done) => {
    const from = { name: request.ip, address: request.ip };
    callers.set(request, from);
    caller.run(from, done);
  });
  app.addHook('preValidation', (request, _reply, done) => {
    caller.run(callers.get(request) ?? { name: request.ip }, done);
  });
}

/** Refusals before a route is chosen: the URL cannot be decoded, or a part of it is too long. */
function refusedUrl(error: FastifyError, url: string): SkerryError {
  const message = `the address ${url.slice(0, 200)} cannot be decoded, or a part of it is too long`;
  return new SkerryError('bad-path', message, { cause: error });
}
