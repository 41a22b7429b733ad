import { existsSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import swagger, { type StaticDocumentSpec } from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify from 'fastify';
import { packageRoot } from '../../shared/package-root.ts';

type Specification = NonNullable<StaticDocumentSpec['document']>;

export interface DocsServer {
  /** Answers a request below the prefix. Takes the place of the server that received it. */
  answer(request: IncomingMessage, response: ServerResponse): void;
  close(): Promise<void>;
}

/** The browser loads nothing from other hosts, and sends nothing to them. Swagger UI sets styles of elements. */
const POLICY = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
};

/** The files of the page: in the package, and in a tree of the sources. */
const PLACES = ['swagger-ui', 'node_modules/@fastify/swagger-ui/static'];

/**
 * The pages that show an OpenAPI document. They have a server of their own, which listens nowhere, because plugins
 * cannot be added to a server that has started, and an origin that nobody asks should not load them.
 */
export async function docsServer(prefix: string, document: object): Promise<DocsServer> {
  const places = PLACES.map((place) => fileURLToPath(new URL(place, packageRoot)));
  const baseDir = places.find((place) => existsSync(place));
  if (baseDir === undefined) throw new Error(`the pages are not in ${places.join(' or ')}`);
  if (!isSpecification(document)) throw new Error('the document is not of OpenAPI');
  const app = Fastify();
  await app.register(swagger, { mode: 'static', specification: { document } });
  await app.register(swaggerUi, {
    routePrefix: prefix,
    baseDir,
    // The layout shows no logo. Without this one, the plugin would read a file that the package does not have.
    logo: { type: 'image/svg+xml', content: '' },
    staticCSP: POLICY,
    uiConfig: { layout: 'BaseLayout', validatorUrl: null },
  });
  await app.ready();
  return { answer: (request, response) => app.routing(request, response), close: () => app.close() };
}

/** The types of the plugin know OpenAPI 3.0. Its code takes 3.1 as well. */
function isSpecification(document: object): document is Specification {
  return 'openapi' in document;
}
