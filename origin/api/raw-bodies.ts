import { Readable } from 'node:stream';
import type { Api } from './context.ts';

/** Within this scope a request's body is its stream, whatever its media type and size. */
export function takesRawBodies(scope: Api): Api {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', { bodyLimit: Number.MAX_SAFE_INTEGER }, (_request, payload, done) =>
    done(null, payload),
  );
  scope.addHook('preValidation', async (request) => {
    request.body ??= Readable.from([]);
  });
  return scope;
}
