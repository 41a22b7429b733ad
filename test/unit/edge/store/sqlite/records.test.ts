import t from 'tap';
import { DEFAULT_POLICY } from '../../../../../shared/site/site-policy.ts';
import { SignedLog } from '../../signed-log.ts';
import { known, member, PART, POLICY, root, World } from './records-world.ts';

t.test('settings', async (t) => {
  const world = new World();
  world.settings(1, 'docs', { domains: ['docs.test'], policy: POLICY });
  world.settings(2, 'blog');
  t.strictSame(world.names, ['docs', 'blog']);
  t.strictSame(world.site.domains, ['docs.test']);
  t.strictSame(world.site.policy, POLICY);
  t.strictSame(world.site.active, { revision: 0, root: null, seq: 0, files: null });

  world.revision(1);
  world.activate(1);
  world.settings(1, 'manual');
  t.equal(world.site.name, 'manual');
  t.strictSame(world.site.policy, DEFAULT_POLICY);
  t.equal(world.site.activations.length, 1, 'what is to come stays');
  world.settings(1, 'manual', { deleted: true });
  t.strictSame(world.names, ['blog']);
  world.settings(1, 'back');
  t.strictSame(world.names, ['back', 'blog']);
});

t.test('a revision is announced, and proposed when it is synchronous', async (t) => {
  for (const mode of [undefined, 'async', 'batch']) {
    const world = known();
    world.revision(1, mode);
    t.equal(world.site.proposal, null, String(mode));
    t.strictSame(world.site.activations, [], `${mode}: nothing is live yet`);
  }
  const world = known();
  const seq = world.revision(1, 'sync', 42);
  t.strictSame(world.site.proposal, { revision: 1, root: root(1), seq, files: 42 });
  const next = world.revision(2, 'sync');
  t.strictSame(world.site.proposal, { revision: 2, root: root(2), seq: next, files: 2 }, 'the newest one');
});

t.test('an activation, with what was announced', async (t) => {
  const world = known();
  world.revision(1, undefined, 42);
  const seq = world.activate(1, { mode: 'batch', now: true }, 77);
  const expected = { revision: 1, root: root(1), seq, files: 42, time: 77, mode: 'batch', now: true };
  t.strictSame(world.site.activations, [expected]);
  const later = world.activate(2, { mode: 'sync', degraded: 'late' });
  t.strictSame(
    world.site.activations.map((one) => [one.revision, one.seq, one.files, one.mode, one.now]),
    [
      [1, seq, 42, 'batch', true],
      [2, later, null, 'sync', false],
    ],
    'in the order of the log; files are not known of what was not announced',
  );
});

t.test('an activation ends the proposals that it takes the place of', async (t) => {
  for (const [activated, isLeft] of [
    [1, true],
    [2, false],
    [3, false],
  ] as const) {
    const world = known();
    world.revision(2, 'sync');
    world.activate(activated);
    t.equal(world.site.proposal !== null, isLeft, `${activated}`);
  }
});

t.test('an abort ends the proposal that it names', async (t) => {
  const world = known();
  world.revision(2, 'sync');
  world.take('abort', { reason: 'late' }, { revision: 1 });
  t.equal(world.site.proposal?.revision, 2);
  world.take('abort', { reason: 'late' }, { revision: 2 });
  t.equal(world.site.proposal, null);
});

t.test('members', async (t) => {
  const world = new World();
  world.take('member', member('oslo'), { site: 0 });
  world.take('member', member('bergen'), { site: 0 });
  world.take('member', member('oslo', { revoked: true, paused: true }), { site: 0 });
  t.strictSame(world.catalog.members(), [member('bergen'), member('oslo', { revoked: true, paused: true })]);
});

t.test('what changes nothing', async (t) => {
  const world = known();
  world.revision(1);
  world.activate(1);
  const before = JSON.stringify(world.catalog.sites());
  world.take('outcome', { visible: [], unconfirmed: [] }, { revision: 1 });
  world.take('key', { publicKey: '', recoveryKey: '', certificate: '' }, { site: 0 });
  world.take('teleport', {});
  t.equal(JSON.stringify(world.catalog.sites()), before);
  t.equal(world.catalog.records(1, 100).length, 6, 'is kept all the same');
});

t.test('a record that cannot be read is taken in with none of its batch', async (t) => {
  const world = known();
  const good = world.log.append({
    kind: 'settings',
    site: 2,
    payload: '{"name":"x","domains":[],"deleted":false}',
  });
  const bad = world.log.append({ kind: 'settings', payload: '{}' });
  t.throws(() => world.catalog.storeRecords([good, bad], SignedLog.start()), { code: 'bad-request' });
  t.strictSame(world.names, ['docs']);
  t.equal(world.catalog.records(1, 100).length, 1);
});

t.test('what is shown leaves the list of what is to come', async (t) => {
  const world = known();
  for (const revision of [1, 2, 3]) world.revision(revision);
  const [first, second] = [world.activate(1), world.activate(2)];
  const third = world.activate(3);
  world.catalog.reveal(1, { revision: 2, root: root(2), seq: second, files: 2 }, PART, 0);
  t.strictSame(
    world.site.activations.map(({ seq }) => seq),
    [third],
  );
  t.ok(first < second);
  t.strictSame(world.site.active, { revision: 2, root: root(2), seq: second, files: null });
  t.strictSame(world.site.covers, PART);
  t.strictSame(world.catalog.held(1), [2]);
});
