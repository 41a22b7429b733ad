import type { FastifyRequest } from 'fastify';
import type { HttpServer } from '../../shared/http/server.ts';
import { type Caller, caller } from './caller.ts';

/**
 * Makes everything that a server does for a request run in the name of the request's caller. The name is an address
 * until the caller has proved a token. Both hooks are needed: after a body has been read, the request runs in the
 * context of the connection, which has no caller.
 */
export function namesCallers(app: HttpServer): void {
  const callers = new WeakMap<FastifyRequest, Caller>();
  app.addHook('onRequest', (request, _reply, done) => {
    const from = { name: request.client, address: request.client };
    callers.set(request, from);
    caller.run(from, done);
  });
  app.addHook('onSend', async (request) => {
    await callers.get(request)?.noted;
  });
  app.addHook('preValidation', (request, _reply, done) => {
    caller.run(callers.get(request) ?? { name: request.client }, done);
  });
}
