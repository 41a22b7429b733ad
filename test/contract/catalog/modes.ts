import { endOrphans } from '../../../origin/publish/recover.ts';
import { KeyedLock } from '../../../shared/concurrency/keyed-lock.ts';
import { type Digest, digestOf } from '../../../shared/content/digest.ts';
import { DEFAULT_POLICY } from '../../../shared/site/site-policy.ts';
import type { Commit } from '../../../shared/wire/api.ts';
import { at, checkLog, edgeKey, joinRequest, type Publisher, pend, secretOf, type Theme } from './harness.ts';

const answer: Omit<Commit, 'seq'> = {
  ...{ revision: 1, unchanged: false, mode: 'sync', outcome: 'live', edges: [], opens: null, receipts: [] },
};
const activation = (site: number, revision: number) => ({
  site,
  revision,
  payload: { mode: 'batch' } as const,
  time: 60,
  deploy: null,
});

export function modesContract({ suite }: Theme): void {
  suite('the policy of a site', async (t, catalog) => {
    const made = await catalog.putSite('one', undefined, 1);
    t.strictSame(made.policy, DEFAULT_POLICY);
    const changed = await catalog.putSite('one', undefined, 2, { mode: 'sync', sync: { timeout: 5 } });
    const policy = { ...DEFAULT_POLICY, mode: 'sync', sync: { ...DEFAULT_POLICY.sync, timeout: 5 } };
    t.strictSame(changed, { ...made, policy });
    t.strictSame(await catalog.site(made.id), changed);
    await catalog.putSite('one', ['one.example'], 3);
    const last = await catalog.putSite('one', undefined, 4, { retention: { days: 1 } });
    t.strictSame(last.domains, ['one.example'], 'each change leaves the rest as it was');
    t.strictSame(last.policy, { ...policy, retention: { ...policy.retention, days: 1 } });
    const [record] = await catalog.records(await checkLog(t, catalog), 1);
    t.strictSame(JSON.parse(record?.payload ?? ''), {
      ...{ name: 'one', domains: ['one.example'], deleted: false },
      policy: last.policy,
    });
    const window = { cron: 'never', timezone: 'UTC', minutes: 1 };
    await t.rejects(catalog.putSite('one', [], 5, { batch: { window } }), { code: 'bad-schedule' });
    t.strictSame(await catalog.siteNamed('one'), last, 'what is refused changes nothing');
    await t.rejects(catalog.site(99), { code: 'no-such-site' });
  });

  suite('a revision that waits', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await publisher.publish(site, { a: '1' });
    const head = await checkLog(t, catalog);
    const first = await pend(catalog, site);
    t.strictSame(first.revision, 2);
    t.equal(first.seq, head + 1, 'one record, and not live');
    t.match(await catalog.siteNamed('one'), {
      ...{ revision: 1, tip: 2, newest: 2, files: 1 },
      pending: { revision: 2, mode: 'batch', since: 50 },
    });
    await pend(catalog, site);
    const states = async () => (await catalog.revisions(site, 9)).map(({ state, live }) => [state, live]);
    t.strictSame(await states(), [
      ['pending', false],
      ['superseded', false],
      ['activated', true],
    ]);
    t.strictSame(await catalog.behind(site, 1), { revisions: 0, since: undefined }, 'nobody lacks it');
    await t.rejects(catalog.activate(activation(site, 2)), { code: 'no-such-revision' }, 'superseded');
    await t.rejects(catalog.activate(activation(site, 1)), { code: 'no-such-revision' }, 'live already');
    const { seq } = await catalog.activate(activation(site, 3));
    t.match(await catalog.records(seq, 9), [{ kind: 'activate', revision: 3, root: first.root, time: 60 }]);
    t.match(await catalog.siteNamed('one'), { revision: 3, tip: 3, pending: null });
    t.match(await catalog.revision(site, 3), { state: 'activated', live: true, seq });
    t.strictSame(await catalog.behind(site, 1), { revisions: 1, since: 60 }, 'late from its activation on');
    await t.rejects(catalog.activate(activation(site, 3)), { code: 'no-such-revision' }, 'once');
    await catalog.deleteSite('one', 1);
    await t.rejects(catalog.activate(activation(site, 3)), { code: 'no-such-revision' });
    await checkLog(t, catalog);
  });

  suite('a revision that is aborted', async (t, catalog, publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await publisher.publish(site, { a: '1' });
    await pend(catalog, site);
    const { revision, root } = await pend(catalog, site, { mode: 'sync' });
    await catalog.abort(site, revision, 'why', 70);
    const seq = await checkLog(t, catalog);
    t.match(await catalog.records(seq, 1), [
      { kind: 'abort', critical: true, site, revision, root, time: 70, payload: '{"reason":"why"}' },
    ]);
    t.match(await catalog.siteNamed('one'), { revision: 1, tip: 2, newest: 3, pending: { revision: 2 } });
    t.match(await catalog.revisions(site, 9), [
      { state: 'aborted' },
      { state: 'pending' },
      { state: 'activated' },
    ]);
    await t.rejects(catalog.activate(activation(site, revision)), { code: 'no-such-revision' });
    await t.rejects(catalog.abort(site, revision, 'again', 71), { code: 'no-such-revision' });
    const next = await publisher.publish(site, { a: '1', b: '2' });
    t.match(next, { revision: 4, outcome: 'live' }, 'its number is used up');
    t.match(await catalog.formerlyLive(site), { revision: 1 }, 'neither waited nor was aborted');

    const { id: fresh } = await catalog.putSite('two', undefined, 1);
    await pend(catalog, fresh);
    await catalog.abort(fresh, 1, 'why', 70);
    t.match(await catalog.siteNamed('two'), { revision: 0, tip: 0, newest: 1, pending: null });
    t.match(await publisher.publish(fresh, { a: '1' }), { revision: 2 });
    t.match(await catalog.siteNamed('two'), { revision: 2, files: 1, bytes: 1 });
  });

  suite('what is staged over an aborted state is made upon the tip', async (t, catalog, publisher: Publisher) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await publisher.publish(site, { a: '1', b: '1' });
    const { revision } = await catalog.beginStaging(site);
    const a = await catalog.entryAt(site, 1, at('a'));
    if (a === undefined) throw new Error('there is a file');
    await catalog.stage(site, revision, [{ kind: 'put', entry: { ...a, digest: digestOf('2'), time: 9 } }]);
    await catalog.sealLeaves(site, revision, -1, 100);
    const root = await catalog.sealRoot(site, revision);
    const plain = { base: 1, message: '', restores: null, time: 50, activate: null, deploy: null };
    await catalog.reveal({ ...plain, site, revision, root, mode: 'sync' });
    await catalog.abort(site, revision, 'why', 60);
    t.match(await publisher.publish(site, { a: '1', b: '1' }), { revision: 1, unchanged: true });
    t.match(await publisher.publish(site, { a: '2', b: '1' }), { revision: 3 });
    const time = (await catalog.revision(site, 3)).time;
    t.equal((await catalog.entryAt(site, 3, a.path))?.time, time, 'nothing of the aborted state is kept');
  });

  suite('the answer of a deploy is stored with what makes it true', async (t, catalog) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await catalog.createDeploy('d', site, 2);
    const { revision } = await pend(catalog, site, { mode: 'sync' });
    t.equal((await catalog.deploy('d')).result, null);
    const deploy = { id: 'd', answer };
    const { seq } = await catalog.activate({ ...activation(site, revision), deploy });
    t.strictSame((await catalog.deploy('d')).result, { ...answer, seq });
    const final: Commit = { ...answer, seq, edges: [{ edge: 'paris', state: 'visible' }] };
    const outcome = { visible: ['paris'], unconfirmed: ['rome'] };
    await catalog.noteOutcome({ site, revision, ...outcome, time: 80, deploy: { id: 'd', answer: final } });
    t.strictSame((await catalog.deploy('d')).result, final);
    const [record] = await catalog.records(await checkLog(t, catalog), 1);
    t.match(record, { kind: 'outcome', critical: false, site, revision, time: 80 });
    t.strictSame(JSON.parse(record?.payload ?? ''), outcome);

    await catalog.createDeploy('e', site, 2);
    await pend(catalog, site, { deploy: { id: 'e', answer } });
    t.match((await catalog.deploy('e')).result, answer, 'of one that waits for its window');
  });

  suite('what a crash leaves before the commit point is ended at the start', async (t, catalog) => {
    const parts = { catalog, clock: fixedClock, sites: new KeyedLock<number>() };
    const { id: aborts } = await catalog.putSite('aborts', undefined, 1);
    const { id: degrades } = await catalog.putSite('degrades', undefined, 1, {
      sync: { onFailure: 'degrade' },
    });
    const { id: waits } = await catalog.putSite('waits', undefined, 1);
    await pend(catalog, aborts, { mode: 'batch' });
    await pend(catalog, aborts, { mode: 'sync' });
    await pend(catalog, degrades, { mode: 'sync' });
    await pend(catalog, waits, { mode: 'batch' });
    await endOrphans(parts);
    t.match(await catalog.siteNamed('aborts'), { revision: 0, pending: { revision: 1, mode: 'batch' } });
    t.match(await catalog.siteNamed('degrades'), { revision: 1, pending: null });
    t.match(await catalog.siteNamed('waits'), { revision: 0, pending: { revision: 1 } });
    const head = await checkLog(t, catalog);
    const kinds = (await catalog.records(head - 1, 2)).map(({ kind, payload }) => [
      kind,
      JSON.parse(payload),
    ]);
    t.match(kinds, [
      ['abort', { reason: /origin ended/ }],
      ['activate', { mode: 'async', degraded: /origin ended/ }],
    ]);
    await endOrphans(parts);
    t.equal(await checkLog(t, catalog), head, 'once');
  });

  suite('what is published when an origin starts is no orphan', async (t, catalog) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    const sites = new KeyedLock<number>();
    const { revision } = await pend(catalog, site, { mode: 'sync' });
    const published = Promise.withResolvers<void>();
    const publishing = sites.run(site, () => published.promise);
    const ended = endOrphans({ catalog, clock: fixedClock, sites });
    for (let turn = 0; turn < 20; turn++) await catalog.sites();
    await catalog.activate(activation(site, revision));
    published.resolve();
    await Promise.all([publishing, ended]);
    t.match(await catalog.siteNamed('one'), { revision, pending: null });
  });

  suite('an origin that may write nothing starts, and leaves what a crash left', async (t, catalog) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    await pend(catalog, site, { mode: 'sync' });
    await catalog.denyAppends('edge-1 knows more');
    await endOrphans({ catalog, clock: fixedClock, sites: new KeyedLock<number>() });
    t.match(await catalog.siteNamed('one'), { revision: 0, pending: { revision: 1 } });
  });

  suite('edges are paused, resumed and revoked', async (t, catalog) => {
    const token = { id: 't', secretHash: secretOf('t') };
    await catalog.createToken({ ...token, scope: 'join', edge: null, mayRead: null, expires: null }, 1);
    await catalog.join(joinRequest('paris'), token, 2);
    const change = (wanted: { paused?: boolean; revoked?: true }) => catalog.changeMember('paris', wanted, 9);
    t.match(await change({ paused: true }), { name: 'paris', paused: true, revoked: false });
    const seq = await checkLog(t, catalog);
    t.match(await change({ paused: true }), { paused: true });
    t.equal(await checkLog(t, catalog), seq, 'repeating it writes nothing');
    t.match(await change({ revoked: true }), { paused: true, revoked: true });
    t.match(await change({ paused: false }), { paused: false, revoked: true });
    t.match(await catalog.edges(), [{ name: 'paris', paused: false, revoked: true }]);
    const members = (await catalog.records(seq, 9)).map(({ payload }) => JSON.parse(payload));
    const paris = { name: 'paris', region: 'eu', lat: 48.8, lon: null, publicKey: edgeKey.publicKey };
    t.strictSame(members, [
      { ...paris, revoked: false, paused: true },
      { ...paris, revoked: true, paused: true },
      { ...paris, revoked: true, paused: false },
    ]);
    await t.rejects(catalog.changeMember('rome', { paused: true }, 9), { code: 'no-such-edge' });
  });

  suite('an edge is drained only if few others are', async (t, catalog) => {
    const token = { id: 't', secretHash: secretOf('t') };
    for (const name of ['oslo', 'paris', 'rome']) {
      const own = { ...token, id: name };
      await catalog.createToken({ ...own, scope: 'join', edge: null, mayRead: null, expires: null }, 1);
      await catalog.join(joinRequest(name), own, 2);
    }
    const drain = (name: string, mostDrained: number) =>
      catalog.changeMember(name, { drained: true, mostDrained }, 9);
    t.match(await drain('oslo', 1), { drained: true });
    t.match(await drain('oslo', 1), { drained: true }, 'it does not stand in its own way');
    const refusal = { code: 'too-many-drained', message: 'drained at present: oslo' };
    await t.rejects(drain('paris', 1), refusal);
    t.match(await drain('paris', 2), { drained: true });
    await t.rejects(drain('rome', 2), { code: 'too-many-drained' });
    await catalog.changeMember('oslo', { revoked: true }, 9);
    t.match(await drain('rome', 2), { drained: true }, 'an edge that has gone does not count');
  });

  suite('what an edge may read is limited by its token, and later by hand', async (t, catalog) => {
    const token = { id: 't', secretHash: secretOf('t') };
    await catalog.createToken({ ...token, scope: 'join', edge: null, mayRead: ['docs'], expires: null }, 1);
    const joined = await catalog.join(joinRequest('paris'), token, 2);
    t.strictSame(joined.edge.mayRead, ['docs']);
    t.strictSame(await catalog.join(joinRequest('paris'), token, 3), { ...joined, isNew: false });
    const limited = (mayRead: string[] | null) => catalog.changeMember('paris', { mayRead }, 9);
    t.match(await limited(['docs', 'blog']), { mayRead: ['docs', 'blog'] });
    const seq = await checkLog(t, catalog);
    await limited(['docs', 'blog']);
    t.equal(await checkLog(t, catalog), seq, 'repeating it writes nothing');
    t.match(await catalog.changeMember('paris', { paused: true }, 9), { mayRead: ['docs', 'blog'] });
    await limited(null);
    t.match(await catalog.edges(), [{ name: 'paris', paused: true, mayRead: null }]);
    const payloads = (await catalog.records(joined.seq, 9)).map(({ payload }) => JSON.parse(payload));
    t.strictSame(
      payloads.map(({ mayRead }) => mayRead),
      [['docs'], ['docs', 'blog'], ['docs', 'blog'], undefined],
    );
  });

  suite('receipts are told whether they are stored', async (t, catalog) => {
    const { id: site } = await catalog.putSite('one', undefined, 1);
    const { revision, root } = await pend(catalog, site);
    const receipt = (edge: string, of: Digest) => ({
      ...{ log: 'l', epoch: 1, edge, site, revision, root: of, seq: 2, since: 1, covers: 'all', sig: 's' },
    });
    const good = receipt('paris', root);
    t.strictSame(await catalog.addReceipts([good, receipt('rome', digestOf('another'))]), [good]);
    t.strictSame(await catalog.addReceipts([good]), [good], 'again');
    t.strictSame(await catalog.receipts(site, revision), [good]);
  });
}

const fixedClock = { now: () => 5000, monotonic: () => 0, sleep: async () => {} };
