import type { FastifyRequest } from 'fastify';
import type { FeedServer } from '../../shared/http/server.ts';
import { type Caller, caller } from './caller.ts';

/**
 * Lets all that a door does for a request run in the name of its caller: the address, until a token is proven.
 * In both hooks: after a body was read the request runs in the connection's context again, which names nobody.
 */
export function namesCallers(app: FeedServer): void {
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
