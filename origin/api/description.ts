import type { HttpServer } from '../../shared/http/server.ts';
import type { DocsServer } from './docs-server.ts';

/** `/openapi.json` describes the API for programs, `/docs` for people. Both say the same, and need no token. */
export function descriptionRoutes(app: HttpServer): void {
  let docs: Promise<DocsServer> | undefined;

  // The examples are loaded only here, because few origins are ever asked for them.
  const document = async () => {
    const { addExamples } = await import('./examples/add-examples.ts');
    const described = app.swagger();
    addExamples(described.paths ?? {});
    return described;
  };

  const startDocs = async () => (await import('./docs-server.ts')).docsServer('/docs', await document());

  app.get('/openapi.json', { schema: { hide: true } }, document);

  for (const url of ['/docs', '/docs/*'])
    app.get(url, { schema: { hide: true } }, async (request, reply) => {
      docs ??= startDocs();
      const { answer } = await docs;
      reply.hijack();
      answer(request.raw, reply.raw);
    });

  app.addHook('onClose', async () => (await docs)?.close());
}
