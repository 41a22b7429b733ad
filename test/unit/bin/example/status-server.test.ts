import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { serveStatus } from '../../../../bin/example/status-server.ts';
import { SkerryError } from '../../../../shared/errors.ts';
import { ask } from '../../../helpers/http.ts';

const PAGE = 'http://example.localhost:7501';

async function served(t: Test, status: () => Promise<object> = async () => ({ revision: 1 })) {
  const server = await serveStatus({ port: 0, pages: new Set([PAGE]), status });
  t.teardown(() => server.close());
  const get = (headers: Record<string, string> = {}) => ask(server.url, '/status', { headers });
  return { server, get };
}

t.test('tells the pages of the example, and programs of this machine', async (t) => {
  const { get } = await served(t);
  const page = await get({ origin: PAGE });
  t.equal(page.status, 200);
  t.strictSame(JSON.parse(page.body.toString()), { revision: 1 });
  t.match(page.headers, {
    'access-control-allow-origin': PAGE,
    'cache-control': 'no-store',
    vary: 'origin',
    'x-content-type-options': 'nosniff',
  });
  t.equal((await get()).status, 200);
  const other = await get({ origin: 'http://other.localhost:7501' });
  t.equal(other.headers['access-control-allow-origin'], undefined, 'the browser keeps it from other pages');
});

t.test('answers nobody under a foreign name or through a proxy, and nothing else', async (t) => {
  let asked = 0;
  const { server, get } = await served(t, async () => ({ asked: ++asked }));
  t.equal((await get({ host: 'evil.example' })).status, 421);
  t.equal((await get({ 'x-forwarded-for': '10.0.0.1' })).status, 403);
  for (const [method, path] of [
    ['POST', '/status'],
    ['OPTIONS', '/status'],
    ['GET', '/'],
    ['GET', '/status?x'],
  ] as const)
    t.equal((await ask(server.url, path, { method })).status, 404, `${method} ${path}`);
  const sent = await ask(server.url, '/status', { method: 'POST', body: 'x'.repeat(100_000) });
  t.equal(sent.status, 404);
  t.equal(asked, 0);
});

t.test('says why there is none', async (t) => {
  const { get } = await served(t, async () => {
    throw new SkerryError('unavailable', 'the origin is starting');
  });
  const answer = await get();
  t.equal(answer.status, 503);
  t.match(JSON.parse(answer.body.toString()), { code: 'unavailable', title: 'the origin is starting' });
});

t.test('a head has a limit, and a port one server', async (t) => {
  const { server } = await served(t);
  const port = Number(new URL(server.url).port);
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(`GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
  t.match(await text(socket), /^HTTP\/1\.1 431 /);
  await t.rejects(serveStatus({ port, pages: new Set(), status: async () => ({}) }), { code: 'port-in-use' });
});
