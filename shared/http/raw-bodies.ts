import { Readable } from 'node:stream';
import type { HttpServer } from './server.ts';

/** The limit of a body that is an object. It goes to the disk while it arrives, so only the disk limits it. */
export const OBJECT_BYTES = Number.MAX_SAFE_INTEGER;

/** In this scope, the body of a request is a stream, whatever its media type. The limits of the routes still apply. */
export function takesRawBodies(scope: HttpServer): HttpServer {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  scope.addHook('preValidation', async (request) => {
    request.body ??= Readable.from([]);
  });
  return scope;
}
