import { pino } from 'pino';
import t, { type Test } from 'tap';
import type { TSchema } from 'typebox';
import { Errors } from 'typebox/schema';
import type { ApiContext } from '../../../../origin/api/context.ts';
import { buildApi } from '../../../../origin/api/server.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { routesOf } from '../../../helpers/routes-of.ts';

interface WithContent {
  readonly content?: Readonly<Record<string, { readonly schema: TSchema; readonly example?: unknown }>>;
}
interface Operation {
  readonly summary?: string;
  readonly requestBody?: WithContent;
  readonly responses: Readonly<Record<string, WithContent>>;
}

/** Routes that the description leaves out: it itself, and those of probes and of Prometheus. */
const HIDDEN = ['/openapi.json', '/docs', '/docs/*', '/healthz', '/readyz', '/metrics'];

/** The API of an origin whose parts are never called. */
async function idleApi(t: Test) {
  const known = { clock: systemClock, version: '1', trustedProxies: [], isLoopback: true };
  const context = new Proxy({} as ApiContext, {
    get: (_target, name) => (name in known ? Reflect.get(known, name) : {}),
  });
  const app = await buildApi(context, pino({ level: 'silent' }));
  t.teardown(() => app.close());
  await app.ready();
  return app;
}

t.test('every operation has a summary, and examples that fit their schemas', async (t) => {
  const app = await idleApi(t);
  const { openapi, paths } = (await app.inject('/openapi.json')).json<{
    openapi: string;
    paths: Record<string, Record<string, Operation>>;
  }>();
  t.match(openapi, /^3\.1/);
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      ...operation,
      name: `${method.toUpperCase()} ${path}`,
    })),
  );
  const registered = routesOf(app)
    .filter(({ method, url }) => method !== 'HEAD' && !HIDDEN.includes(url))
    .map(({ method, url }) => `${method} ${url.replaceAll(/:(\w+)/g, '{$1}').replace('*', '{*}')}`);
  t.strictSame(described.map(({ name }) => name).sort(), registered.sort(), 'the routes are those described');

  const summaries = described.map(({ summary = '' }) => summary);
  t.strictSame(
    described.filter(({ summary = '' }) => !/^[A-Z][^.]{5,90}$/.test(summary)).map(({ name }) => name),
    [],
    'summaries',
  );
  t.equal(new Set(summaries).size, summaries.length, 'no two operations have the same summary');

  for (const { name, requestBody, responses } of described) {
    checkExample(t, `${name}, request`, requestBody);
    const answers = Object.entries(responses).filter(([status]) => status.startsWith('2'));
    t.ok(answers.length > 0, `${name} names its answer`);
    for (const [status, answer] of answers) checkExample(t, `${name}, ${status}`, answer);
  }
});

function checkExample(t: Test, name: string, { content }: WithContent = {}): void {
  const media = content?.['application/json'];
  if (media === undefined) return;
  if (!('example' in media)) {
    t.fail(`${name} has no example`);
    return;
  }
  const [, faults] = Errors(media.schema, media.example);
  t.strictSame(
    faults.map(({ instancePath, message }) => `${instancePath} ${message}`),
    [],
    name,
  );
}

t.test('/docs shows the description and nothing from other hosts', async (t) => {
  const app = await idleApi(t);
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  const read = (path: string) => fetch(origin + path);
  const page = await read('/docs');
  t.equal(page.status, 200);
  const policy = page.headers.get('content-security-policy') ?? '';
  t.match(policy, /default-src 'none'.*script-src 'self'.*frame-ancestors 'none'/);
  t.notMatch(policy, /https?:|\*|script-src[^;]*unsafe/);
  const html = await page.text();
  const loaded = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, link = '']) => link);
  t.ok(loaded.length > 4, `${loaded.length} files`);
  for (const link of loaded) {
    t.match(link, /^\/docs\/static\//);
    const file = await read(link);
    t.equal(file.status, 200, link);
    t.ok((await file.arrayBuffer()).byteLength > 100, link);
  }
  t.strictSame(await (await read('/docs/json')).json(), await (await read('/openapi.json')).json());
  t.equal((await read('/docs/nothing')).status, 404);
  t.equal((await read('/docs/static/..%2f..%2fpackage.json')).status, 404);
});
