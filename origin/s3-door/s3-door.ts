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
import { FORM, formConstraint } from './form-constraint.ts';
import { possiblePath } from './key.ts';
import { type Operation, send } from './operation.ts';
import { postForm } from './post-form.ts';
import { OWNER } from './probes.ts';
import { XML_BYTES } from './protocol/read-xml.ts';
import { S3Error } from './protocol/s3-error.ts';
import { type Target, targetOf } from './protocol/target.ts';
import { authenticate, type Signer } from './signing/authenticate.ts';
import { hoistedHeaders } from './signing/claim.ts';
import type { Rows } from './signing/request-rows.ts';

/** What is known of a request before its body is read. */
interface Admitted {
  readonly operation: Operation;
  readonly headers: FastifyRequest['headers'];
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

  // S3 ignores what it does not know in `Expect`. Node would refuse it.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  app.addConstraintStrategy(formConstraint);

  const admitted = new WeakMap<FastifyRequest, Admitted>();
  const admit = async (request: FastifyRequest) => {
    const target = targetOf(request.raw.url ?? '/', request.headers.host ?? '');
    const headers = { ...hoistedHeaders(target), ...request.headers };
    checkOwner(headers);
    // S3 stores any text as the type of an object. Fastify would refuse some.
    if (headers['content-type'] !== undefined)
      request.raw.headers['content-type'] = 'application/octet-stream';
    const operation = chooseOperation(request.method, target, headers);
    const { signer, rows } = await authenticate(request, target, readPath(request, target), context);
    const { bucket = '', key = '' } = target;
    requirePermission(signer.token.scopes, operation.need(bucket, key));
    admitted.set(request, { operation, headers, target, signer, rows });
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
        const { operation, headers, target, signer, rows } = known;
        const answer = await operation.run({
          ...{ context, headers, target, signer, request },
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
  app.route({
    ...{ method: 'POST', url: '/*', bodyLimit: OBJECT_BYTES },
    constraints: { [formConstraint.name]: FORM },
    async handler(request, reply) {
      return send(reply, await postForm(request, context));
    },
  });
  return app;
}

/** S3 does nothing at a bucket that belongs to somebody else than the client expects. */
function checkOwner(headers: FastifyRequest['headers']): void {
  for (const name of ['x-amz-expected-bucket-owner', 'x-amz-source-expected-bucket-owner'])
    if (headers[name] !== undefined && headers[name] !== OWNER.ID) throw new S3Error('AccessDenied');
}
