import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { ContentPath } from '../../shared/content/content-path.ts';
import { httpServer } from '../../shared/http/http-server.ts';
import { OBJECT_BYTES, takesRawBodies } from '../../shared/http/raw-bodies.ts';
import type { HttpServer } from '../../shared/http/server.ts';
import type { ServerCertificates } from '../../shared/tls/server-certificates.ts';
import { requirePermission } from '../access/permission.ts';
import { namesCallers } from '../callers/names-callers.ts';
import { chooseOperation } from './choose-operation.ts';
import type { S3Context } from './context.ts';
import { asS3Error } from './error-form.ts';
import { possiblePath } from './key.ts';
import { type Operation, send } from './operation.ts';
import { XML_BYTES } from './protocol/read-xml.ts';
import { S3Error } from './protocol/s3-error.ts';
import { type Target, targetOf } from './protocol/target.ts';
import { authenticate, type Signer } from './signing/authenticate.ts';
import { RequestRows, type Rows } from './signing/request-rows.ts';

/** What is known of a request before its body is read. */
interface Admitted {
  readonly operation: Operation;
  readonly target: Target;
  readonly signer: Signer;
  readonly rows: Rows;
}

function readPath({ method }: FastifyRequest, { key = '' }: Target): ContentPath | undefined {
  return method === 'GET' || method === 'HEAD' ? possiblePath(key) : undefined;
}

/** The server of the S3-compatible API: a site is a bucket, and a token is an access key. */
export async function buildS3Door(
  context: S3Context,
  log: Logger,
  certificates?: ServerCertificates,
): Promise<HttpServer> {
  const app = httpServer(log, {
    forceCloseConnections: 'idle',
    clock: context.clock,
    errorForm: asS3Error,
    trustedProxies: context.trustedProxies,
    certificates,
  });
  namesCallers(app);
  takesRawBodies(app);
  app.addHook('onSend', async (request, reply) => {
    reply.header('x-amz-request-id', request.id);
  });

  const parts = { ...context, rows: new RequestRows(context.catalog) };
  const admitted = new WeakMap<FastifyRequest, Admitted>();
  const admit = async (request: FastifyRequest) => {
    const target = targetOf(request.raw.url ?? '/', request.headers.host ?? '');
    const operation = chooseOperation(request.method, target, request.headers);
    const { signer, rows } = await authenticate(request, target, readPath(request, target), parts);
    const { bucket = '', key = '' } = target;
    requirePermission(signer.token.scopes, operation.need(bucket, key));
    admitted.set(request, { operation, target, signer, rows });
  };
  const route = (method: string[], bodyLimit?: number) =>
    app.route({
      method,
      url: '/*',
      ...(bodyLimit !== undefined && { bodyLimit }),
      exposeHeadRoute: false,
      onRequest: admit,
      async handler(request, reply) {
        const known = admitted.get(request);
        if (known === undefined) throw new S3Error('AccessDenied');
        const { operation, target, signer, rows } = known;
        const answer = await operation.run({
          ...{ context, target, signer, request },
          headers: request.headers,
          body: request.body as Readable,
          site: async () => {
            if (rows.site === undefined) throw new S3Error('NoSuchBucket');
            return rows.site;
          },
          async object() {
            if (rows.object === undefined) throw new S3Error('NoSuchKey');
            return rows.object;
          },
        });
        return send(reply, answer);
      },
    });
  route(['GET', 'HEAD', 'DELETE']);
  route(['PUT'], OBJECT_BYTES);
  route(['POST'], XML_BYTES);
  return app;
}
