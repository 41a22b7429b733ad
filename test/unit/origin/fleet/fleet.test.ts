import t, { type Test } from 'tap';
import { leaseTerms, outlasting, SHORTEST_TERMS } from '../../../../origin/publish/lease.ts';
import type { Clock } from '../../../../shared/clock.ts';
import { digestOf } from '../../../../shared/content/digest.ts';
import type { LeaseGrant, SignedGrant } from '../../../../shared/log/grant.ts';
import { signReceipt } from '../../../../shared/log/receipt.ts';
import { recordHash } from '../../../../shared/log/record.ts';
import { generateSigningKey } from '../../../../shared/signing/keys.ts';
import { secretHash } from '../../../../shared/wire/join-proof.ts';
import { type EdgeReport, signReport } from '../../../../shared/wire/protocol.ts';
import { edgeReport } from '../../../helpers/edge-report.ts';
import { INNER_LOG, type InnerOrigin, openInnerOrigin } from '../../../helpers/inner-origin.ts';
import { SharedEncodings } from '../../../helpers/own-encodings.ts';

const SITE = 'docs';

/** An origin with one site and two edges, on a clock that stands still until it is turned. */
async function world(t: Test) {
  const clock = {
    time: 1_000_000,
    now: () => clock.time,
    monotonic: () => clock.time,
    sleep: async () => {},
  };
  const encodings = new SharedEncodings();
  const origin = await openInnerOrigin(clock satisfies Clock, encodings.own());
  t.teardown(() => {
    origin.close();
    return encodings.close();
  });
  const { id } = await origin.catalog.putSite(SITE, undefined, clock.now());
  const oslo = await join(origin, 'oslo');
  const rome = await join(origin, 'rome');
  const [first] = await origin.catalog.records(1, 1);
  if (first === undefined) throw new Error('a log that was founded has a record');
  const followed = { position: 1, hash: recordHash(first) };
  let reported = 0;
  /** Reports that it shows this revision, and hands in the receipt. */
  const shows = async (edge: Joined, revision: number, changes: Partial<EdgeReport> = {}) => {
    const switched = (await origin.catalog.records(1, 100)).find(
      (record) => record.kind === 'activate' && record.revision === revision,
    );
    const root = switched?.root ?? digestOf('none');
    const seq = switched?.seq ?? 1;
    const about = { edge: edge.name, site: id, revision, root, seq, since: 1, covers: 'all' };
    const receipt = signReceipt({ log: INNER_LOG, epoch: 1, ...about }, edge.key);
    const progress = { prepared: 0, target: revision, pendingBytes: 0, error: null };
    const report = edgeReport({
      ...followed,
      time: ++reported,
      sites: [{ site: id, revision, ...progress }],
      statements: revision > 0 ? [{ kind: 'receipt', body: receipt }] : [],
      ...changes,
    });
    const { grants } = await origin.fleet.report(edge.name, [
      signReport(INNER_LOG, edge.name, report, edge.key),
    ]);
    return opened(grants);
  };
  return { origin, fleet: origin.fleet, clock, site: id, oslo, rome, shows };
}

function opened([first]: readonly SignedGrant[]): (LeaseGrant & { edge: string }) | undefined {
  return first && { edge: first.edge, ...(JSON.parse(first.text) as LeaseGrant) };
}

type Joined = Awaited<ReturnType<typeof join>>;

async function join({ catalog, fleet }: InnerOrigin, name: string) {
  const key = generateSigningKey();
  const token = { id: `token-${name}`, secretHash: secretHash(name) };
  await catalog.createToken({ ...token, scope: 'join', edge: name, mayRead: null, expires: null }, 1);
  const request = { name, region: 'r', lat: null, lon: null, publicKey: key.publicKey };
  await fleet.join(request, token);
  return { name, key };
}

t.test('an edge is a participant from its first report on, as long as its lease lasts', async (t) => {
  const { fleet, clock, oslo, shows } = await world(t);
  t.equal(fleet.keyOf('oslo'), oslo.key.publicKey);
  t.equal(fleet.keyOf('nobody'), undefined);
  t.strictSame(fleet.participants(SITE), []);
  let woken = 0;
  fleet.changed.always(() => woken++);
  const granted = await shows(oslo, 0);
  t.equal(woken, 1, 'who waits for edges is woken');
  t.match(granted, { edge: 'oslo', diverged: false });
  t.ok(Number(granted?.lease) > 0 && Number(granted?.serves) > 0);
  t.strictSame(fleet.participants(SITE), ['oslo']);
  t.strictSame(fleet.servers(SITE), ['oslo']);
  clock.time += outlasting(leaseTerms(2)) + 1;
  t.strictSame(fleet.participants(SITE), []);
  t.strictSame(fleet.servers(SITE), []);
});

t.test('an edge that joins learns the keys of all members that are not revoked', async (t) => {
  const { fleet, oslo, rome } = await world(t);
  const [o, r] = [oslo, rome].map(({ name, key }) => ({ name, publicKey: key.publicKey }));
  t.strictSame(fleet.memberKeys(), [o, r]);
  await fleet.change('oslo', { revoked: true });
  t.strictSame(fleet.memberKeys(), [r]);
});

t.test('a report that comes again grants nothing', async (t) => {
  const { fleet, oslo } = await world(t);
  const report = signReport(INNER_LOG, 'oslo', edgeReport({ time: 5 }), oslo.key);
  const first = opened((await fleet.report('oslo', [report])).grants);
  t.ok(Number(first?.lease) > 0);
  const again = opened((await fleet.report('oslo', [report])).grants);
  t.match(again, { lease: 0, serves: 0, newest: 5 });
});

t.test('paused, delayed and limited edges are not waited for', async (t) => {
  const { fleet, oslo, rome, shows } = await world(t);
  const { limits } = edgeReport();
  await shows(oslo, 0);
  await shows(rome, 0);
  t.strictSame(fleet.participants(SITE), ['oslo', 'rome']);
  await fleet.change('oslo', { paused: true });
  t.strictSame(fleet.participants(SITE), ['rome']);
  await shows(rome, 0, { limits: { ...limits, delay: 60 } });
  t.strictSame(fleet.participants(SITE), []);
  await fleet.change('oslo', { paused: false });
  await shows(rome, 0, { limits: { ...limits, sites: ['other'] } });
  t.strictSame(fleet.participants(SITE), ['oslo']);
  t.strictSame(fleet.participants('other'), ['oslo', 'rome']);
});

t.test('a revision is visible on an edge when it says so and its receipt is stored', async (t) => {
  const { origin, fleet, site, oslo, shows } = await world(t);
  await shows(oslo, 0);
  t.match(fleet.syncStatus('oslo', site, 1), { prepared: false, visible: false });
  await shows(oslo, 0, {
    sites: [{ site, revision: 0, prepared: 1, target: 1, pendingBytes: 0, error: null }],
  });
  t.match(fleet.syncStatus('oslo', site, 1), { prepared: true, visible: false });
  await shows(oslo, 1, { statements: [] });
  t.match(fleet.syncStatus('oslo', site, 1), { prepared: true, visible: false }, 'without a receipt');
  await origin.committer.commitChanges(site, { mode: 'async' }, async (time) => [
    await origin.put(site, 'a.txt', Buffer.from('a'), time),
  ]);
  await shows(oslo, 1);
  t.match(fleet.syncStatus('oslo', site, 1), { prepared: true, visible: true });
  t.ok(fleet.syncStatus('oslo', site, 1).leaseLeft > 0);
  t.throws(() => fleet.syncStatus('nobody', site, 1), { code: 'no-such-edge' });
});

t.test('who does not show what must be shown may not serve, and keeps its lease', async (t) => {
  const { fleet, site, oslo, shows } = await world(t);
  t.equal(await fleet.requireRevision({ id: site, name: SITE }, 3), null);
  t.match(await shows(oslo, 2), { serves: 0 });
  t.ok(Number((await shows(oslo, 2))?.lease) > 0);
  t.ok(Number((await shows(oslo, 3))?.serves) > 0);
  t.equal(await fleet.requireRevision({ id: site, name: SITE }, null), 3, 'what was demanded before is told');
  t.ok(Number((await shows(oslo, 2))?.serves) > 0);
});

t.test('a revoked edge has no key, no lease and no say', async (t) => {
  const { fleet, oslo, shows } = await world(t);
  await shows(oslo, 0);
  await fleet.change('oslo', { revoked: true });
  t.equal(fleet.keyOf('oslo'), undefined);
  t.strictSame(fleet.participants(SITE), []);
  await t.rejects(shows(oslo, 0), { code: 'no-such-edge' });
  t.strictSame(
    (await fleet.status()).map(({ name }) => name),
    ['oslo', 'rome'],
    'it is still named, in order',
  );
  await t.rejects(fleet.statusOf('nobody'), { code: 'no-such-edge' });
  t.throws(() => fleet.mayRead('nobody'), { code: 'no-such-edge' });
});

t.test('many edges report less often, unless a site refuses to be served without a lease', async (t) => {
  const { origin, fleet, site, oslo, shows } = await world(t);
  for (let i = 0; i < 60; i++) await join(origin, `edge-${i}`);
  const terms = leaseTerms(62);
  t.match(await shows(oslo, 0), { ...terms, serves: terms.lease });
  await fleet.refusesWithoutLease({ id: site }, true);
  t.match(await shows(oslo, 0), { ...SHORTEST_TERMS, serves: SHORTEST_TERMS.lease });
  await fleet.requireRevision({ id: site, name: SITE }, 7);
  t.match(await shows(oslo, 0), { ...SHORTEST_TERMS, serves: 0 });
  await fleet.refusesWithoutLease({ id: site }, false);
  t.match(await shows(oslo, 0), { ...terms, serves: terms.lease }, 'nothing is required any more');
});
