import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { ClientLimits } from '../../../../edge/serve/connection/client-limits.ts';
import { Drain } from '../../../../edge/serve/connection/drain.ts';
import { EXCHANGE_LIMITS, Exchanges } from '../../../../edge/serve/connection/exchanges.ts';
import { LargeWrites } from '../../../../edge/serve/connection/large-writes.ts';
import { Turns } from '../../../../edge/serve/connection/turns.ts';
import type { AccessLog, Exchange } from '../../../../edge/serve/metering/access-log.ts';
import { Counters } from '../../../../edge/serve/metering/counters.ts';
import { RecentRequests } from '../../../../edge/serve/metering/recent-requests.ts';
import { buildServer } from '../../../../edge/serve/server.ts';
import { textAnswer } from '../../../../edge/serve/site/answer.ts';
import { LogClock } from '../../../../edge/serve/site/log-clock.ts';
import type { SiteHandler } from '../../../../edge/serve/site/site-handler.ts';
import { Views } from '../../../../edge/serve/site/views.ts';

/** A server with two sites, and all that it says of requests. */
function world(t: Test, answer: SiteHandler['answer'], requestsPerSecond: number | null = null) {
  const views = new Views({
    handlerOf: ({ name }) => ({ name, answer, prepared: () => undefined }),
    ...{ decide: () => 'stay', shown: () => {} },
  });
  const site = {
    domains: [],
    revision: 1,
    prefixes: null,
    needsLease: false,
    private: null,
    alias: null,
    aliasSuffixes: [],
    trial: null,
  };
  const former = { revisions: [], paths: null, purges: [], beside: null };
  views.show([
    { ...site, id: 1, name: 'docs', former },
    { ...site, id: 2, name: 'shop', former },
  ]);
  const counters = new Counters();
  const lines: Exchange[] = [];
  const failures: string[] = [];
  const drain = new Drain();
  const app = buildServer(
    {
      ...{ views, time: new LogClock(), counters, recent: new RecentRequests(), tls: undefined },
      log: pino({ level: 'error', base: null }, { write: (line: string) => failures.push(line) }),
      accessLog: { write: (line: Exchange) => lines.push(line) } as unknown as AccessLog,
      limits: new ClientLimits({ connections: 10, requestsPerSecond }),
      drain,
      exchanges: new Exchanges(EXCHANGE_LIMITS, () => performance.now()),
      largeWrites: new LargeWrites(),
      turns: new Turns(() => performance.now()),
    },
    'http',
  );
  t.teardown(() => app.close());
  const ask = (url: string, method: 'GET' | 'HEAD' | 'OPTIONS' | 'POST' | 'DELETE' = 'GET', headers = {}) =>
    app.inject({ url, method, headers: { host: 'docs.localhost', ...headers } });
  return { app, ask, drain, counters, lines, failures };
}

const hello = () => Promise.resolve(textAnswer(200, 'hello\n', { 'cache-status': 'Skerry; hit' }));

t.test('an answer is counted, and has its line in the access log', async (t) => {
  const { ask, counters, lines } = world(t, hello);
  const headers = { 'user-agent': 'test', referer: 'http://other.example/' };
  t.match(await ask('/a?b=c', 'GET', headers), { statusCode: 200, body: 'hello\n' });
  t.match(counters.snapshot(), { docs: { requests: { '2xx': 1 }, bytes: 6 } });
  t.match(lines, [
    {
      ...{ site: 'docs', client: '127.0.0.1', scheme: 'http', version: '1.1', method: 'GET' },
      ...{ host: 'docs.localhost', target: '/a?b=c', status: 200, bytes: 6, cache: 'Skerry; hit' },
      ...{ agent: 'test', referer: 'http://other.example/' },
    },
  ]);
});

t.test('a drained edge answers, and ends the connection with its answer', async (t) => {
  const { ask, drain } = world(t, hello);
  t.match((await ask('/a')).headers, { connection: 'keep-alive' });
  drain.set(true);
  t.match(await ask('/a'), { statusCode: 200, headers: { connection: 'close' } });
  t.match(await ask('/a', 'GET', { host: 'other.localhost' }), {
    statusCode: 404,
    headers: { connection: 'close' },
  });
  drain.set(false);
  t.match((await ask('/a')).headers, { connection: 'keep-alive' });
});

t.test('the site is asked whatever the method is, and sees the raw target', async (t) => {
  const asked: string[] = [];
  const { ask } = world(t, async ({ method, target }) => {
    asked.push(`${method} ${target}`);
    return textAnswer(200, 'x\n');
  });
  for (const [method, target] of [
    ['GET', '/a%2fb/../c'],
    ['OPTIONS', '/a'],
    ['POST', '/form'],
    ['DELETE', '/a'],
  ] as const)
    t.equal((await ask(target, method)).statusCode, 200, method);
  t.match(asked, ['GET /', 'OPTIONS /a', 'POST /form', 'DELETE /a']);
});

t.test('a host of no site is answered 404, without a body to HEAD, and counted for nobody', async (t) => {
  const { ask, counters, lines } = world(t, hello);
  const headers = { host: 'other.localhost' };
  t.match(await ask('/', 'GET', headers), { statusCode: 404, body: /No site/ });
  t.match(await ask('/', 'HEAD', headers), { statusCode: 404, body: '' });
  t.strictSame(counters.snapshot(), {});
  t.match(lines, [
    { site: undefined, status: 404 },
    { site: undefined, status: 404, bytes: 0 },
  ]);
});

t.test('a failure says nothing of itself to the reader, and all to the log', async (t) => {
  const { ask, failures, counters } = world(t, () => Promise.reject(new Error('a secret')));
  const { statusCode, body, headers } = await ask('/private?skerry-token=abc&x=1');
  t.strictSame([statusCode, body], [500, 'Internal error\n']);
  t.strictSame(Object.keys(headers).sort(), ['connection', 'content-length', 'content-type', 'date']);
  t.match(failures.join(), /a secret/);
  t.notMatch(failures.join(), /abc/, 'but no token');
  t.match(counters.snapshot(), { docs: { requests: { '5xx': 1 } } });
});

t.test('who asks too often waits, who asks wrongly is told', async (t) => {
  const { ask } = world(t, hello, 1);
  const statuses: number[] = [];
  for (let i = 0; i < 5; i++) statuses.push((await ask('/')).statusCode);
  t.equal(statuses[0], 200);
  t.equal(statuses.at(-1), 429);
});

t.test('a path that cannot be decoded, and a body that is announced first', async (t) => {
  const { app } = world(t, hello);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as { port: number };
  const exchange = async (head: string) => {
    const socket = connect(port, '127.0.0.1');
    socket.write(`${head}\r\nHost: docs.localhost\r\nConnection: close\r\n\r\n`);
    return text(socket);
  };
  t.match(await exchange('GET /%zz HTTP/1.1'), /^HTTP\/1\.1 400 /);
  const expecting = await exchange('POST / HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue');
  t.match(expecting, /^HTTP\/1\.1 200 /, 'it is answered without its body');
  t.match(await exchange('GET / HTTP/1.1\r\nExpect: something-else'), /^HTTP\/1\.1 200 /);
});
