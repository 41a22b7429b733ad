import t, { type Test } from 'tap';
import type { PolicyChange } from '../../shared/site/site-policy.ts';
import { EdgeDouble } from '../helpers/edge-double.ts';
import { type LoneOrigin, loneOrigin } from '../helpers/lone-origin.ts';
import { until } from '../helpers/until.ts';

const SITE = 's';
/** On a busy machine an edge takes a second to prepare a revision. */
const TIMEOUT_MS = 4000;

async function sync(t: Test, policy: PolicyChange['sync'] = {}, names: readonly string[] = ['a', 'b']) {
  const origin = await loneOrigin(t);
  await origin.client.putSite(SITE, {
    policy: { mode: 'sync', sync: { timeout: TIMEOUT_MS / 1000, ...policy } },
  });
  const edges = await Promise.all(names.map((name) => EdgeDouble.join(origin, name)));
  // Registered after the origin's end, so it runs before it.
  t.teardown(() => Promise.all(edges.map((edge) => edge.stop())));
  for (const edge of edges) edge.follow();
  await until('all edges to be online', async () => {
    const shown = await origin.client.edges();
    return shown.length === names.length && shown.every(({ online }) => online);
  });
  const [a, b] = edges;
  if (a === undefined || b === undefined) throw new Error('two edges at least');
  return { origin, a, b };
}

const kinds = async ({ client }: LoneOrigin, count: number) =>
  (await client.log(undefined, count)).records.map(({ kind }) => kind);

/** Lets time pass while one that reports keeps its lease. */
async function pass(origin: LoneOrigin, ms: number, reporting: EdgeDouble): Promise<void> {
  for (let passed = 0; passed < ms; passed += 500) {
    origin.clock.advance(500);
    // The report under way was signed before.
    const next = reporting.granted + 2;
    await until('its next lease', () => reporting.granted >= next);
  }
}

t.test('an acknowledged revision is visible on all, with their receipts', async (t) => {
  const { origin } = await sync(t);
  const { status, body } = await origin.put(SITE, 'x', '1');
  t.equal(status, 200);
  t.match(body, { revision: 1, unchanged: false, mode: 'sync', outcome: 'live', opens: null });
  t.strictSame(body.edges, [
    { edge: 'a', state: 'visible' },
    { edge: 'b', state: 'visible' },
  ]);
  t.match(body.receipts, [{ edge: 'a', revision: 1, seq: body.seq }, { edge: 'b' }]);
  t.strictSame(await kinds(origin, 3), ['revision', 'activate', 'outcome']);
  const [outcome] = (await origin.client.log(undefined, 1)).records;
  t.match(outcome, { critical: false, revision: 1, payload: '{"visible":["a","b"],"unconfirmed":[]}' });
  t.match(await origin.client.site(SITE), { revision: 1, pending: null });
  t.match(await origin.client.edges(), [{ sites: { [SITE]: { revision: 1, prepared: 0 } } }, {}]);

  const again = await origin.put(SITE, 'x', '1');
  t.match(again.body, { revision: 1, unchanged: true, outcome: 'live', edges: [{ state: 'visible' }, {}] });
  await origin.restart();
  await until('the edges to be back', async () =>
    (await origin.client.edges()).every(({ online }) => online),
  );
  const after = await origin.put(SITE, 'x', '1');
  t.match(
    after.body,
    { unchanged: true, edges: [{ state: 'visible' }, { state: 'visible' }] },
    'by old receipts',
  );
});

t.test('what was not prepared in time is aborted, named edge by edge, and takes nobody’s turn', async (t) => {
  const { origin, b } = await sync(t);
  await origin.put(SITE, 'x', '1');
  b.prepares = false;
  const other = origin.client.putSite('other');
  const [late, next, elsewhere] = await Promise.all([
    origin.put(SITE, 'x', '2'),
    origin.put(SITE, 'y', '3'),
    other.then(() => origin.put('other', 'x', '1')),
  ]);
  t.match(late, { status: 504, body: { code: 'sync-aborted', revision: 2, reason: 'timeout' } });
  t.strictSame(late.body.edges, [
    { edge: 'a', state: 'prepared' },
    { edge: 'b', state: 'not-prepared' },
  ]);
  t.match(late.body.title, /revision 2 of s was aborted: .*\(a prepared, b not-prepared\)/);
  t.ok(
    late.ms >= TIMEOUT_MS - 100 && late.ms < TIMEOUT_MS + 1000,
    `within its time-out and a second: ${late.ms}`,
  );
  t.equal(next.status, 504, 'what waited for its turn all the while has no time left');
  t.match(next.body.code, /^sync-/);
  t.ok(next.ms < TIMEOUT_MS + 1000, `${next.ms}`);
  t.ok(elsewhere.status === 200 && elsewhere.ms < 1000, `a site with another mode: ${elsewhere.ms}`);
  t.match(await origin.client.site(SITE), { revision: 1, pending: null });
  t.match((await origin.client.revisions(SITE)).at(-2), { revision: 2, state: 'aborted', live: false });
  t.equal((await origin.client.log(1, 1000)).records.filter(({ kind }) => kind === 'activate').length, 2);

  b.prepares = true;
  const good = await origin.put(SITE, 'z', '4');
  t.match(good, { status: 200, body: { outcome: 'live' } });
  const revision = Number(good.body.revision);
  t.ok(revision > 2, 'its number is not used again');
  const paths = [];
  for await (const { path } of origin.client.manifest(SITE, revision)) paths.push(path);
  t.strictSame(paths.sort(), ['x', 'z'], 'and its content is not built upon');
  const rollback = await origin.post(`/v1/sites/${SITE}/rollback`, { to: 2 });
  t.match(rollback, { status: 404, body: { code: 'no-such-revision' } }, 'nor rolled back to');
});

t.test('a failed one becomes an async one where the site says so', async (t) => {
  const { origin, b } = await sync(t, { onFailure: 'degrade' });
  b.prepares = false;
  const { status, body } = await origin.put(SITE, 'x', '1');
  t.equal(status, 200);
  t.match(body, { revision: 1, outcome: 'degraded', mode: 'sync' });
  t.strictSame(body.edges, [
    { edge: 'a', state: 'unconfirmed' },
    { edge: 'b', state: 'not-prepared' },
  ]);
  const [activate] = (await origin.client.log(undefined, 1)).records;
  t.match(activate, { kind: 'activate', revision: 1 });
  t.match(JSON.parse(activate?.payload ?? ''), { mode: 'async', degraded: /time-out/ });
  t.match(await origin.client.site(SITE), { revision: 1, pending: null });
});

t.test('nobody to wait for is a failure, at once', async (t) => {
  const { origin, a, b } = await sync(t, { timeout: 60 });
  await origin.post('/v1/edges/a/pause');
  await b.stop();
  await a.stop();
  const limits = {
    sites: null,
    prefixes: null,
    delay: 60,
    rate: null,
    schedule: null,
    storage: 'full' as const,
  };
  await b.send([b.signed({ limits })]);
  const { status, body, ms } = await origin.put(SITE, 'x', '1');
  t.match({ status, body }, { status: 504, body: { code: 'sync-aborted', reason: 'no-edges', edges: [] } });
  t.ok(ms < 1500, `${ms}`);
  await b.send([b.signed({ limits: { ...limits, delay: 0, sites: ['another'] } })]);
  t.match((await origin.put(SITE, 'x', '1')).body, { reason: 'no-edges' });
  t.strictSame(await kinds(origin, 2), ['revision', 'abort']);
});

t.test('an edge that vanishes is waited for until its lease ends, then named', async (t) => {
  const { origin, a, b } = await sync(t, { timeout: 30 });
  await b.stop();
  const publish = origin.put(SITE, 'x', '1');
  // A lease takes six seconds, and the machine some of its own.
  await pass(origin, 3500, a);
  t.match(await origin.client.site(SITE), {
    revision: 0,
    pending: { revision: 1, mode: 'sync', opens: null },
  });
  t.match(await origin.client.edges(), [
    { name: 'a', online: true },
    { name: 'b', online: true },
  ]);
  await pass(origin, 3500, a);
  const first = await publish;
  t.equal(first.status, 200, 'before the commit point: it is not counted');
  t.strictSame(first.body.edges, [
    { edge: 'a', state: 'visible' },
    { edge: 'b', state: 'unconfirmed' },
  ]);
  t.match(await origin.client.edges(), [{ online: true }, { online: false }]);

  b.follow();
  await until('b to be back', async () => (await origin.client.edges())[1]?.sites[SITE]?.revision === 1);
  b.shows = false;
  const second = origin.put(SITE, 'x', '2');
  await until('the commit point', async () => (await origin.client.site(SITE)).revision === 2);
  await b.stop();
  await pass(origin, 7500, a);
  t.match((await second).body, {
    outcome: 'live',
    edges: [
      { edge: 'a', state: 'visible' },
      { edge: 'b', state: 'unconfirmed' },
    ],
  });
  await a.stop();
});

t.test('without its receipt an edge is not confirmed', async (t) => {
  const { origin, b } = await sync(t);
  b.signs = false;
  const { status, body, ms } = await origin.put(SITE, 'x', '1');
  t.match(
    { status, body },
    { status: 200, body: { outcome: 'live' } },
    'after the commit point nothing aborts',
  );
  t.strictSame(body.edges, [
    { edge: 'a', state: 'visible' },
    { edge: 'b', state: 'unconfirmed' },
  ]);
  t.ok(ms < TIMEOUT_MS + 1000, `${ms}`);
});

t.test('a quorum needs so many and no more', async (t) => {
  const { origin, a, b } = await sync(t, { require: { quorum: 2 } }, ['a', 'b', 'c']);
  a.prepares = false;
  a.shows = false;
  t.match((await origin.put(SITE, 'x', '1')).body, {
    outcome: 'live',
    edges: [
      { edge: 'a', state: 'not-prepared' },
      { edge: 'b', state: 'visible' },
      { edge: 'c', state: 'visible' },
    ],
  });
  b.prepares = false;
  t.match(await origin.put(SITE, 'x', '2'), { status: 504, body: { reason: 'timeout' } });
  await origin.client.putSite(SITE, { policy: { sync: { require: { quorum: 4 } } } });
  t.match((await origin.put(SITE, 'x', '3')).body, { reason: 'quorum-lost' });
});

t.test('a deploy that was aborted starts anew, one that is live gives its answer again', async (t) => {
  const { origin, b } = await sync(t);
  const text = 'content';
  const digest = (await import('../helpers/http.ts')).sha256(text);
  const deploy = await origin.post(`/v1/sites/${SITE}/deploys`, {
    files: { x: { digest, size: text.length } },
  });
  await origin.client.putObject(SITE, digest as never, Buffer.from(text), text.length);
  const commit = () => origin.post(`/v1/deploys/${deploy.body.id}/commit`, { message: 'm' });
  b.prepares = false;
  t.match(await commit(), { status: 504, body: { code: 'sync-aborted', revision: 1 } });
  b.prepares = true;
  const live = await commit();
  t.match(live, { status: 200, body: { revision: 2, outcome: 'live' } });
  const { receipts: _, ...answer } = live.body;
  t.match((await commit()).body, answer);
  t.match(await origin.client.revisions(SITE), [
    { revision: 2, mode: 'sync', state: 'activated', message: 'm' },
    { revision: 1, state: 'aborted' },
  ]);
});

t.test('an origin that ends aborts what it waits for', async (t) => {
  const { origin, b } = await sync(t, { timeout: 60 });
  b.prepares = false;
  const publish = origin.put(SITE, 'x', '1');
  await until('it to be pending', async () => (await origin.client.site(SITE)).pending?.revision === 1);
  await origin.restart();
  t.match((await publish).body, { code: 'sync-aborted', reason: 'stopped' });
  t.match(await origin.client.site(SITE), { revision: 0, pending: null });
});

t.test('reports: replays, children, strangers, the revoked', async (t) => {
  const origin = await loneOrigin(t);
  const [parent, child, other] = await Promise.all(
    ['parent', 'child', 'other'].map((name) => EdgeDouble.join(origin, name)),
  );
  if (!parent || !child || !other) throw new Error('three edges');
  const own = parent.signed();
  t.match(await parent.send([own]), { status: 200, leases: { parent: 6000 } });
  t.strictSame((await parent.send([own])).leases, {}, 'a replay gets nothing');
  const relayed = child.signed({ parent: 'parent' });
  t.strictSame((await parent.send([parent.signed(), relayed])).leases, { parent: 6000, child: 6000 });
  t.strictSame((await parent.send([parent.signed(), relayed])).leases, { parent: 6000 });
  t.match(await origin.client.edges(), [{ name: 'child', online: true, parent: 'parent' }, {}, {}]);
  t.match(await parent.send([child.signed()]), { status: 400 }, 'its own comes first');
  const forged = { ...child.signed(), edge: 'other' };
  t.strictSame((await parent.send([parent.signed(), forged])).leases, { parent: 6000 }, 'no edge signed it');
  const stranger = { ...child.signed(), edge: 'stranger' };
  t.strictSame((await parent.send([parent.signed(), stranger])).leases, { parent: 6000 });

  t.match((await origin.post('/v1/edges/child/revoke')).body, { revoked: true, online: false });
  const seq = (await origin.client.status()).origin.seq;
  await origin.post('/v1/edges/child/revoke');
  t.equal((await origin.client.status()).origin.seq, seq, 'once is enough');
  t.match(await child.send([child.signed()]), { status: 401 });
  t.strictSame((await parent.send([parent.signed(), child.signed()])).leases, { parent: 6000 });
  t.match((await origin.post('/v1/edges/other/pause')).body, { paused: true });
  t.match((await origin.post('/v1/edges/other/resume')).body, { paused: false });
  const [record] = (await origin.client.log(undefined, 1)).records;
  t.match(JSON.parse(record?.payload ?? ''), { name: 'other', paused: false, revoked: false });
  t.match(await origin.post('/v1/edges/nobody/pause'), { status: 404, body: { code: 'no-such-edge' } });
  origin.clock.advance(6600);
  t.match(
    (await origin.client.edges()).map(({ online }) => online),
    [false, false, false],
    'leases end by themselves',
  );
});
