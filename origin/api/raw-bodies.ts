import { Readable } from 'node:stream';
import type { Api } from './context.ts';

/** An object's only limit is the disk: it goes there as it comes. */
export const OBJECT_BYTES = Number.MAX_SAFE_INTEGER;

/** Within this scope a request's body is its stream, whatever its media type, within its route's limit. */
export function takesRawBodies(scope: Api): Api {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  scope.addHook('preValidation', async (request) => {
    request.body ??= Readable.from([]);
  });
  return scope;
}
