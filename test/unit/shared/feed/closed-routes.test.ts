import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { buildAdmin } from '../../../../edge/admin/admin.ts';
import { AdminToken } from '../../../../edge/admin/admin-token.ts';
import { allExecutors } from '../../../../edge/work/registry.ts';
import { Work } from '../../../../edge/work/work.ts';
import { FailedAttempts } from '../../../../origin/access/failed-attempts.ts';
import type { ApiContext } from '../../../../origin/api/context.ts';
import { buildApi } from '../../../../origin/api/server.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { feedRoutes } from '../../../../shared/feed/feed-routes.ts';
import type { FeedSource } from '../../../../shared/feed/feed-source.ts';
import { httpServer } from '../../../../shared/http/http-server.ts';
import type { HttpServer } from '../../../../shared/http/server.ts';
import { type Route, routesOf } from '../../../helpers/routes-of.ts';

const silent = pino({ level: 'silent' });
const ANNOUNCED = 64 * 1024 * 1024 * 1024;

/** Whatever a stranger's request asks of it: nothing may be. */
function untouchable<T extends object>(what: string, known: Partial<T> = {}): T {
  return new Proxy({} as T, {
    get(_target, name) {
      if (Object.hasOwn(known, name)) return Reflect.get(known, name);
      throw new Error(`a stranger reached ${what}.${String(name)}`);
    },
  });
}

/** What a head gets that announces a body and is followed by none of it. */
async function answerToHead(port: number, { method, url }: Route): Promise<number> {
  const socket = connect({ host: '127.0.0.1', port });
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
  });
  socket.on('error', () => {});
  const path = url.replace(/:[a-z]+/gi, '1').replace('*', 'a');
  const fields = ['Host: 127.0.0.1', 'Content-Type: application/json', `Content-Length: ${ANNOUNCED}`];
  socket.write(`${method} ${path}?from=1&to=1 HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`);
  await once(socket, 'close');
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1]);
}

/** Every route either is public, and small, or refuses who is unknown; none of them waits for a body. */
async function checkRoutes(t: Test, app: HttpServer, least: number, isPublic: (route: Route) => boolean) {
  await app.listen({ host: '127.0.0.1', port: 0 });
  t.teardown(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  const routes = routesOf(app);
  t.ok(routes.length >= least, `${routes.length} routes were found`);
  for (const route of routes) {
    const { method, url } = route;
    t.equal(await answerToHead(port, route), isPublic(route) ? 413 : 401, `${method} ${url}`);
  }
}

t.test('routes are read from the tree', async (t) => {
  const app = httpServer(silent);
  app.get('/a/b', () => '');
  app.post('/a/:x/c', () => '');
  app.put('/a/:x', () => '');
  await app.ready();
  t.strictSame(
    routesOf(app)
      .map(({ method, url }) => `${method} ${url}`)
      .sort(),
    ['GET /a/b', 'HEAD /a/b', 'POST /a/:x/c', 'PUT /a/:x'],
  );
});

t.test('the API', async (t) => {
  const context = untouchable<ApiContext>('the origin', {
    catalog: untouchable<ApiContext['catalog']>('the catalog'),
    clock: systemClock,
    isLoopback: false,
    version: '1',
    trustedProxies: [],
    attempts: new FailedAttempts({ monotonic: () => 0 }),
    scrape: () => Promise.reject(new Error('a stranger reached the metrics')),
    ...Object.fromEntries(
      [
        'ahead',
        'committer',
        'intake',
        'rules',
        'files',
        'keys',
        'uploads',
        'archives',
        'fleet',
        'noteAct',
        'events',
        'webhooks',
        'stopping',
        'retention',
        'receiptExport',
        'migration',
        'verifier',
        'tasks',
        'reconciler',
        'tokens',
        'followers',
        'store',
        'recovery',
        'allowance',
        'tokenUse',
      ].map((name) => [name, untouchable<object>(name)]),
    ),
  });
  const open = ['/openapi.json', '/docs', '/docs/*', '/healthz', '/readyz'];
  await checkRoutes(t, await buildApi(context, silent), 40, ({ url }) => open.includes(url));
});

t.test('the feed', async (t) => {
  const app = httpServer(silent);
  const members = untouchable<FeedSource['members']>('the members');
  const uploads = untouchable<NonNullable<FeedSource['uploads']>>('the uploads');
  const known = { log: '1'.repeat(32), clock: systemClock, members, path: () => [], uploads };
  feedRoutes(app, untouchable<FeedSource>('the source', known), new AbortController().signal);
  // An edge that joins is nobody yet: its token is in the body.
  const open = ['/feed/v1/join', '/feed/v1/join/hello', '/feed/v1/hello'];
  await checkRoutes(t, app, 11, ({ url }) => open.includes(url));
});

t.test('the admin port', async (t) => {
  const access = { isLoopback: false, token: new AdminToken('ska_0123456789abcdefghijkl'), names: [] };
  const app = buildAdmin(
    { name: 'a', region: 'r' },
    untouchable('the replica'),
    new Work(allExecutors(untouchable('what work needs')), new AbortController().signal, silent),
    () => Promise.reject(new Error('a stranger reached the metrics')),
    silent,
    access,
  );
  await checkRoutes(t, app, 8, ({ url }) => ['/healthz', '/readyz'].includes(url));
});
