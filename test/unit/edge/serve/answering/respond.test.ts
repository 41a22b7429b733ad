import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import t, { type Test } from 'tap';
import { ClientLimits } from '../../../../../edge/serve/connection/client-limits.ts';
import { Drain } from '../../../../../edge/serve/connection/drain.ts';
import { EXCHANGE_LIMITS, Exchanges } from '../../../../../edge/serve/connection/exchanges.ts';
import { LargeWrites } from '../../../../../edge/serve/connection/large-writes.ts';
import { Turns } from '../../../../../edge/serve/connection/turns.ts';
import { Counters } from '../../../../../edge/serve/metering/counters.ts';
import { RecentRequests } from '../../../../../edge/serve/metering/recent-requests.ts';
import { buildServer } from '../../../../../edge/serve/server.ts';
import { textAnswer } from '../../../../../edge/serve/site/answer.ts';
import { LogClock } from '../../../../../edge/serve/site/log-clock.ts';
import type { Opened, SiteAnswer, SiteHandler } from '../../../../../edge/serve/site/site-handler.ts';
import { Views } from '../../../../../edge/serve/site/views.ts';
import { createLogger } from '../../../../../shared/process/logger.ts';
import { ask } from '../../../../helpers/http.ts';
import { until } from '../../../../helpers/until.ts';

/** A server with one site, which answers as it is told. */
async function serve(t: Test, answer: SiteHandler['answer']) {
  const views = new Views({
    handlerOf: ({ name }) => ({ name, answer, prepared: () => undefined }),
    ...{ decide: () => 'stay', shown: () => {} },
  });
  views.show([
    {
      ...{
        id: 1,
        name: 'pulled',
        domains: [],
        revision: 1,
        prefixes: null,
        needsLease: false,
        private: null,
        alias: null,
        aliasSuffixes: [],
        trial: null,
      },
      former: { revisions: [], paths: null, purges: [], beside: null },
    },
  ]);
  const counters = new Counters();
  const log = createLogger();
  log.level = 'silent';
  const app = buildServer(
    {
      ...{
        views,
        time: new LogClock(),
        counters,
        recent: new RecentRequests(),
        log,
        tls: undefined,
        accessLog: undefined,
      },
      limits: new ClientLimits({ connections: 10, requestsPerSecond: null }),
      drain: new Drain(),
      exchanges: new Exchanges(EXCHANGE_LIMITS, () => performance.now()),
      largeWrites: new LargeWrites(),
      turns: new Turns(() => performance.now()),
    },
    'http',
  );
  t.teardown(() => app.close());
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  return { url, counters };
}

const streamed = (opened: Opened, size = Number.POSITIVE_INFINITY): SiteAnswer => ({
  status: 200,
  headers: { 'content-type': 'text/plain' },
  body: { kind: 'bytes', representation: { size, open: () => opened }, range: undefined },
});

t.test('a site may answer later, with a stream of a length that nobody knows', async (t) => {
  const { url, counters } = await serve(t, async ({ target, client }, reader) => {
    await new Promise(setImmediate);
    const stream = Readable.from([Buffer.from(`${target} `), Buffer.from(`for ${client} ${reader.client}`)]);
    const cache = { kind: 'missed', found: { found: 'none', isCollapsed: false, tier: 'origin' } } as const;
    return streamed({ kind: 'stream', stream, cache });
  });
  const { status, headers, body } = await ask(url, '/a?b');
  t.equal(status, 200);
  t.equal(String(body), '/a?b for 127.0.0.1 127.0.0.1');
  t.equal(headers['cache-status'], 'Skerry; fwd=miss; stored; detail=origin');
  await until('it is counted', () => counters.snapshot().pulled?.requests['2xx'] === 1);
});

t.test('what a site answers instead has nothing of the answer that it replaces', async (t) => {
  const answer = textAnswer(502, 'gone\n');
  const { url } = await serve(t, () => streamed({ kind: 'instead', answer }));
  const { status, headers, body } = await ask(url, '/');
  t.equal(status, 502);
  t.equal(String(body), 'gone\n');
  t.equal(headers['content-length'], '5');
});

t.test('what a site throws is an internal error', async (t) => {
  const { url } = await serve(t, () => Promise.reject(new Error('a secret')));
  const { status, headers, body } = await ask(url, '/');
  t.equal(status, 500);
  t.equal(String(body), 'Internal error\n');
  t.ok(headers.date);
});

t.test('a site that waits for another server learns that its reader has left', async (t) => {
  let left = false;
  let asked = false;
  const { url } = await serve(t, async (_request, reader) => {
    asked = true;
    await reader.gone();
    left = true;
    return textAnswer(503, 'nobody reads this\n');
  });
  const leaving = new AbortController();
  const answered = fetch(url, { signal: leaving.signal }).catch(() => {});
  await until('the request', () => asked);
  leaving.abort();
  await answered;
  t.ok(await until('the site knows', () => left));
});
