import t, { type Test } from 'tap';
import type { PolicyChange } from '../../../shared/site/site-policy.ts';
import { EdgeDouble } from '../../helpers/edge-double.ts';
import { sha256 } from '../../helpers/http.ts';
import { type LoneOrigin, loneOrigin } from '../../helpers/lone-origin.ts';
import { until } from '../../helpers/until.ts';

const SITE = 's';
const HOUR = 3_600_000;
const MINUTE = 60_000;

/** A window of half an hour that opens at the next full hour but one. */
async function batch(t: Test) {
  const origin = await loneOrigin(t);
  const opens = Math.ceil(origin.clock.now() / HOUR) * HOUR + HOUR;
  const window = { cron: `0 ${new Date(opens).getUTCHours()} * * *`, timezone: 'UTC', minutes: 30 };
  const policy: PolicyChange = { mode: 'batch', batch: { window } };
  t.match(await origin.client.putSite(SITE, { policy }), {
    policy: { mode: 'batch', batch: { window, rate: null } },
  });
  return { origin, opens };
}

const activations = async ({ client }: LoneOrigin) =>
  (await client.log(1, 1000)).records
    .filter(({ kind }) => kind === 'activate')
    .map(({ revision, payload }) => ({ revision, ...JSON.parse(payload) }));

const paths = async ({ client }: LoneOrigin, revision: number) => {
  const found: string[] = [];
  for await (const { path } of client.manifest(SITE, revision)) found.push(path);
  return found.sort();
};

t.test('what waits builds up, and becomes live in one step when the window opens', async (t) => {
  const { origin, opens } = await batch(t);
  t.match(await origin.put(SITE, 'a', '1'), {
    status: 200,
    body: { revision: 1, unchanged: false, mode: 'batch', outcome: 'pending', opens, edges: [] },
  });
  t.match((await origin.put(SITE, 'b', '2')).body, { revision: 2, outcome: 'pending', opens });
  t.match((await origin.put(SITE, 'b', '2')).body, {
    revision: 2,
    outcome: 'pending',
    unchanged: true,
    opens,
  });
  t.match(await origin.client.site(SITE), {
    revision: 0,
    files: 0,
    pending: { revision: 2, mode: 'batch', opens },
  });
  t.strictSame(await paths(origin, 2), ['a', 'b'], 'the second is made upon the first');
  t.strictSame(await activations(origin), []);
  t.match(await origin.client.revisions(SITE), [
    { revision: 2, state: 'pending', live: false, mode: 'batch' },
    { revision: 1, state: 'superseded' },
  ]);

  const deploy = (expect: number) =>
    origin.post(`/v1/sites/${SITE}/deploys`, { expect, files: { c: { digest: sha256('1'), size: 1 } } });
  t.match(await deploy(0), { status: 412, body: { code: 'revision-moved', current: 2 } });
  const { id } = (await deploy(2)).body;
  const commit = () => origin.post(`/v1/deploys/${id}/commit`, {});
  const pending = await commit();
  t.match(pending, { status: 200, body: { revision: 3, outcome: 'pending', opens } });
  t.strictSame((await commit()).body, pending.body, 'repeated, it gives the same answer');

  origin.clock.advance(opens - origin.clock.now() - MINUTE);
  // What the clock set off before would have been written before this.
  await origin.client.putSite('other');
  t.match((await origin.put('other', 'a', '1')).body, { outcome: 'live' });
  t.strictSame(
    await activations(origin),
    [{ revision: 1, mode: 'async' }],
    'of the other site alone: not before',
  );
  origin.clock.advance(MINUTE);
  await until('the window', async () => (await origin.client.site(SITE)).revision === 3);
  t.strictSame((await activations(origin)).at(-1), { revision: 3, mode: 'batch' });
  t.match(await origin.client.site(SITE), { revision: 3, files: 1, pending: null });
  t.match((await commit()).body, { revision: 3, outcome: 'pending' });

  t.match(
    (await origin.put(SITE, 'd', '4')).body,
    { revision: 4, outcome: 'live', opens: null },
    'in the window',
  );
  origin.clock.advance(HOUR / 2);
  t.match((await origin.put(SITE, 'e', '5')).body, {
    revision: 5,
    outcome: 'pending',
    opens: opens + 24 * HOUR,
  });
  await origin.restart();
  t.match(await origin.client.site(SITE), {
    revision: 4,
    pending: { revision: 5, opens: opens + 24 * HOUR },
  });
  origin.clock.advance(opens + 24 * HOUR - origin.clock.now());
  await origin.restart();
  await until('what waited during an outage', async () => (await origin.client.site(SITE)).revision === 5);
});

t.test('a window that is opened by hand', async (t) => {
  const { origin } = await batch(t);
  const now = () => origin.post(`/v1/sites/${SITE}/windows`);
  t.match(await now(), { status: 404, body: { code: 'no-such-revision' } }, 'nothing was published');
  await origin.put(SITE, 'a', '1');
  t.match(await now(), {
    status: 200,
    body: { revision: 1, outcome: 'live', unchanged: false, opens: null },
  });
  t.match(
    await now(),
    { status: 200, body: { revision: 1, outcome: 'live', unchanged: true } },
    'nothing waits',
  );
  t.strictSame(await activations(origin), [{ revision: 1, mode: 'batch', now: true }]);

  await origin.put(SITE, 'a', '2');
  const deploy = async (text: string) => {
    const { body } = await origin.post(`/v1/sites/${SITE}/deploys`, {
      files: { a: { digest: sha256(text), size: 1 } },
    });
    return (request: object) => origin.post(`/v1/deploys/${body.id}/commit`, request);
  };
  const unchanged = await deploy('2');
  t.match((await unchanged({ now: true })).body, { revision: 2, unchanged: true, outcome: 'live' });
  const back = await deploy('1');
  t.match((await back({ now: true })).body, { revision: 3, unchanged: false, outcome: 'live' });
  t.strictSame((await activations(origin)).slice(1), [
    { revision: 2, mode: 'batch', now: true },
    { revision: 3, mode: 'batch', now: true },
  ]);
});

t.test('a later publish of another mode takes the place of what waits', async (t) => {
  const { origin, opens } = await batch(t);
  await origin.put(SITE, 'a', '1', 'async');
  const edge = await EdgeDouble.join(origin, 'edge');
  edge.follow();
  t.teardown(() => edge.stop());
  await until('the edge', async () => (await origin.client.edges())[0]?.sites[SITE]?.revision === 1);
  await origin.put(SITE, 'b', '2');
  await until('the edge to know', async () => (await origin.client.edges())[0]?.lag.records === 0);
  t.match(
    await origin.client.edges(),
    [{ sites: { [SITE]: { revision: 1, lag: { revisions: 0, bytes: 0, seconds: 0 } } } }],
    'nobody is behind what waits',
  );
  t.match((await origin.put(SITE, 'b', '2', 'async')).body, {
    revision: 2,
    unchanged: true,
    outcome: 'live',
  });
  t.match(await origin.client.site(SITE), { revision: 2, pending: null });

  await origin.put(SITE, 'c', '3');
  t.match((await origin.put(SITE, 'c', '3', 'sync')).body, { revision: 4, outcome: 'live', mode: 'sync' });
  await origin.put(SITE, 'd', '4');
  t.match((await origin.put(SITE, 'e', '5', 'sync')).body, { revision: 6, outcome: 'live' });
  t.strictSame(await paths(origin, 6), ['a', 'b', 'c', 'd', 'e']);
  await origin.put(SITE, 'f', '6');
  t.match((await origin.post(`/v1/sites/${SITE}/rollback`, { to: 6, mode: 'async' })).body, { revision: 8 });
  t.match(await origin.client.site(SITE), { revision: 8, pending: null }, 'a rollback to what is live');
  t.match((await origin.post(`/v1/sites/${SITE}/rollback`)).body, { revision: 9, outcome: 'pending', opens });

  edge.prepares = false;
  await origin.client.putSite(SITE, { policy: { sync: { timeout: 3 } } });
  t.match((await origin.put(SITE, 'g', '7', 'sync')).body, { code: 'sync-aborted', revision: 10 });
  t.match(await origin.client.site(SITE), { revision: 8, pending: { revision: 9, opens } }, 'it waits again');
  origin.clock.advance(opens - origin.clock.now());
  await until('the window', async () => (await origin.client.site(SITE)).revision === 9);
});

t.test('a schedule that is changed while something waits', async (t) => {
  const { origin } = await batch(t);
  await origin.put(SITE, 'a', '1');
  const always = { cron: '* * * * *', timezone: 'UTC', minutes: 1 };
  await origin.client.putSite(SITE, { policy: { batch: { window: always } } });
  await until('the window', async () => (await origin.client.site(SITE)).revision === 1);
  for (const window of [
    { ...always, cron: 'never' },
    { ...always, timezone: 'Nowhere/Land' },
  ])
    await t.rejects(origin.client.putSite(SITE, { policy: { batch: { window } } }), { code: 'bad-schedule' });
  t.match(
    await origin.client.site(SITE),
    { policy: { batch: { window: always } } },
    'refused, it changes nothing',
  );
  const [settings] = (await origin.client.log(undefined, 3)).records.filter(
    ({ kind }) => kind === 'settings',
  );
  t.match(JSON.parse(settings?.payload ?? ''), {
    name: SITE,
    policy: { mode: 'batch', batch: { window: always } },
  });
});
