import { pino } from 'pino';
import t from 'tap';
import { type AdminSource, buildAdmin } from '../../../../edge/admin/admin.ts';
import { AdminToken } from '../../../../edge/admin/admin-token.ts';
import type { ReplicaStatus } from '../../../../edge/report/replica-status.ts';
import { allExecutors, type WorkParts } from '../../../../edge/work/registry.ts';
import { type AskableWork, Work } from '../../../../edge/work/work.ts';

const HOST = '127.0.0.1:7599';
let pruned = 0;
const source: AdminSource = {
  status: async () => ({ position: 1, head: 1, sites: [] }) as unknown as ReplicaStatus,
  storage: undefined,
};
const log = pino({ level: 'silent' });
const executors = allExecutors({} as WorkParts);
const work: AskableWork = {
  kindsFor: (asker) => new Work(executors, new AbortController().signal, log).kindsFor(asker),
  async ask(kind) {
    if (kind !== 'prune') throw new Error('not asked for');
    pruned++;
    return {};
  },
};
const scrape = async () => ({ contentType: 'text/plain', text: '' });
const edge = { name: 'edge-1', region: 'r' };
const TOKEN = 'ska_0123456789abcdefghijkl';

/** The admin port of an edge that listens on loopback, or beyond. */
function port(isLoopback: boolean) {
  const access = { isLoopback, token: new AdminToken(TOKEN), names: ['edge-1.internal'] };
  const app = buildAdmin(edge, source, work, scrape, log, access);
  t.teardown(() => app.close());
  return app;
}

const admin = port(true);

const get = async (url: string, headers: Record<string, string>) => {
  const answer = await admin.inject({ method: 'GET', url, headers });
  return { status: answer.statusCode, code: answer.json().code };
};
const prune = async (headers: Record<string, string>, payload = '{}') =>
  (await admin.inject({ method: 'POST', url: '/prune', headers: { host: HOST, ...headers }, payload }))
    .statusCode;

t.test('what tells of the edge is told on the machine itself alone', async (t) => {
  for (const url of ['/status', '/metrics']) {
    t.match(await get(url, { host: 'rebound.example:7599' }), { status: 421, code: 'foreign-host' }, url);
    for (const sign of ['forwarded', 'x-forwarded-for', 'via', 'x-real-ip'])
      t.match(
        await get(url, { host: HOST, [sign]: 'for=192.0.2.1' }),
        { status: 403, code: 'through-proxy' },
        sign,
      );
  }
  for (const host of [HOST, 'localhost:7599', '[::1]:7599', 'edge-1.internal'])
    t.equal((await admin.inject({ url: '/status', headers: { host } })).statusCode, 200, host);
});

t.test('health is told to everybody', async (t) => {
  for (const url of ['/healthz', '/readyz'])
    t.equal((await get(url, { host: 'edge.example', 'x-forwarded-for': '192.0.2.1' })).status, 200, url);
});

t.test('a page of another site has nothing done', async (t) => {
  const json = { 'content-type': 'application/json' };
  t.equal(await prune({ ...json, origin: 'http://a.example' }), 403);
  t.equal(await prune({ ...json, 'sec-fetch-site': 'cross-site' }), 403);
  t.equal(await prune({ ...json, host: 'rebound.example' }), 421);
  t.equal(await prune({ 'content-type': 'text/plain' }), 400, 'a form can send this without asking first');
  t.equal(await prune({ 'content-type': 'application/x-www-form-urlencoded' }, ''), 400);
  t.equal(await prune({}, ''), 400);
  t.equal(pruned, 0);
  t.equal(await prune(json), 200);
  t.equal(pruned, 1);
});

t.test('beyond loopback all but health needs the token', async (t) => {
  const beyond = port(false);
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const local = { host: HOST };
  const routes = [
    ['GET', '/status'],
    ['GET', '/metrics'],
    ['POST', '/verify'],
    ['POST', '/warm'],
    ['POST', '/prune'],
  ] as const;
  for (const [method, url] of routes) {
    for (const given of [{}, bearer(`${TOKEN}x`), bearer(''), { authorization: `Basic ${TOKEN}` }]) {
      const answer = await beyond.inject({ method, url, headers: { ...local, ...given } });
      t.equal(answer.statusCode, 401, `${method} ${url}`);
      t.equal(answer.json().code, 'bad-admin-token');
      t.equal(answer.headers['www-authenticate'], 'Bearer');
    }
  }
  for (const url of ['/healthz', '/readyz'])
    t.equal((await beyond.inject({ url, headers: { host: 'edge.example' } })).statusCode, 200, url);
  const before = pruned;
  const headers = { ...bearer(TOKEN), host: '10.0.0.1:7599', 'content-type': 'application/json' };
  t.equal((await beyond.inject({ method: 'POST', url: '/prune', headers, payload: '{}' })).statusCode, 200);
  t.equal(pruned, before + 1);
});

t.test('the token lets in whoever has it, through a proxy and under any name', async (t) => {
  const headers = { host: 'proxy.example', 'x-forwarded-for': '192.0.2.1', authorization: `Bearer ${TOKEN}` };
  t.equal((await admin.inject({ url: '/status', headers })).statusCode, 200);
  t.match(await get('/status', { ...headers, authorization: 'Bearer ska_wrong' }), { status: 421 });
  t.equal(
    (await admin.inject({ url: '/status', headers: { host: HOST, authorization: 'Bearer ska_other' } }))
      .statusCode,
    200,
    'on the machine itself none is needed',
  );
});
