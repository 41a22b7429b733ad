import t from 'tap';
import { WHOLE } from '../../../../../edge/store/cover.ts';
import { DEFAULT_POLICY } from '../../../../../shared/site/site-policy.ts';
import { SignedLog } from '../../signed-log.ts';
import { known, long, member, POLICY, root, World } from './records-world.ts';

const named = (id: number, name: string, changes: object = {}) => ({
  ...{ id, name, domains: [], revision: 0, root: null, seq: 0, files: 0 },
  ...changes,
});

t.test('a checkpoint stands for all before it: what it does not name is gone', async (t) => {
  const world = known();
  world.settings(2, 'blog');
  world.take('member', member('oslo'), { site: 0 });
  world.take('member', member('gone'), { site: 0 });
  world.revision(1, 'sync');
  world.jumpTo(
    [named(2, 'diary', { domains: ['d.test'], policy: POLICY }), named(3, 'new')],
    [member('oslo')],
  );
  t.strictSame(world.names, ['diary', 'new']);
  t.strictSame(world.site.domains, ['d.test']);
  t.strictSame(world.site.policy, POLICY);
  t.strictSame(world.catalog.sites()[1]?.policy, DEFAULT_POLICY);
  t.strictSame(world.catalog.members(), [member('oslo')]);
  world.settings(1, 'docs');
  t.equal(world.site.proposal, null, 'proposals, too');
});

t.test('a checkpoint says what is live', async (t) => {
  const world = new World();
  const live = { revision: 8, root: root(8), seq: 80, files: 12 };
  world.jumpTo([named(1, 'docs', live), named(2, 'empty')]);
  // Which purges there were before it is not known any more.
  t.match(world.site.purges, [{ revision: live.revision, target: { all: true } }]);
  t.strictSame(world.catalog.unsentStatements(10, 1e6), []);
  t.strictSame(world.catalog.sitesToPurge(), []);
  const expected = { ...live, time: 9, mode: 'async', now: false };
  t.strictSame(world.site.activations, [expected]);
  t.strictSame(world.catalog.sites()[1]?.activations, [], 'or that nothing is');
});

t.test('what is shown already is not live anew', async (t) => {
  for (const [seq, isNew] of [
    [1, false],
    [2, false],
    [3, true],
  ] as const) {
    const world = known();
    world.catalog.reveal(1, { revision: 5, root: root(5), seq: 2, files: null }, WHOLE, 0);
    world.jumpTo([named(1, 'docs', { revision: 6, root: root(6), seq, files: 1 })]);
    t.equal(world.site.activations.length, isNew ? 1 : 0, `${seq}`);
    t.equal(world.site.active.revision, 5);
  }
});

t.test('a checkpoint that is followed in its turn tells nothing new', async (t) => {
  const world = known();
  world.revision(1, undefined, 4);
  const seq = world.activate(1, { mode: 'batch' }, 5);
  world.revision(2, 'sync');
  const before = world.site;
  world.checkpoint([named(1, 'docs', { revision: 1, root: root(1), seq, files: 4 })]);
  t.strictSame(world.site.activations, before.activations);
  t.strictSame(world.site.proposal, before.proposal);
});

t.test('the log of a parent begins at the checkpoint that it jumped to', async (t) => {
  const world = known();
  world.settings(1, 'docs');
  const skipped = [world.log.append(), world.log.append()];
  const seq = world.checkpoint([named(1, 'docs')]);
  t.equal(seq, 3 + skipped.length);
  t.equal(world.catalog.firstSeq(), seq);
  t.strictSame(
    world.catalog.records(3, 10).map((record) => record.seq),
    [seq],
  );
});

t.test('records are pruned up to a checkpoint with enough bytes after it', async (t) => {
  const world = known();
  const first = world.checkpoint([named(1, 'docs')]);
  world.take('purge', long('a'), { revision: 1 });
  const second = world.checkpoint([named(1, 'docs')]);
  const keep = (bytes: number) => world.catalog.pruneRecords({ records: 1000, bytes });
  keep(70_000);
  t.equal(world.catalog.firstSeq(), 1, 'none has');
  keep(60_000);
  t.equal(world.catalog.firstSeq(), first);
  world.take('purge', long('b'), { revision: 1 });
  keep(60_000);
  t.equal(world.catalog.firstSeq(), second);
});

t.test('records are pruned up to a checkpoint with enough of them after it', async (t) => {
  const world = known();
  const first = world.checkpoint([named(1, 'docs')]);
  for (let i = 0; i < 3; i++) world.settings(1, 'docs');
  const second = world.checkpoint([named(1, 'docs')]);
  const at = (seq: number) => ({ ...SignedLog.start(), seq: seq as never });
  world.catalog.storeRecords([world.log.append()], at(second + 1));
  t.equal(world.catalog.firstSeq(), 1);
  const keep = (records: number, bytes = 1e9) => world.catalog.pruneRecords({ records, bytes });
  keep(second);
  t.equal(world.catalog.firstSeq(), 1, 'none is old enough');
  keep(2);
  t.equal(world.catalog.firstSeq(), first);
  keep(1);
  t.equal(world.catalog.firstSeq(), second);
});

t.test(
  'a revision that was taken back serves no more assets after a checkpoint, since purges may be unknown',
  async (t) => {
    const world = known();
    const { catalog } = world;
    world.revision(1);
    const seq = world.activate(1);
    const live = { revision: 1, root: root(1), seq, files: 1 };
    catalog.reveal(1, live, WHOLE, 5);
    world.revision(2);
    const step = { base: 1, step: 1, edges: ['oslo'], files: 2, paths: [] };
    world.take('rollout', step, { revision: 2, root: root(2), time: 6 });
    catalog.beginStaging(1, 2, root(2));
    catalog.keep(1, 2);
    catalog.fillKept(1, 2, WHOLE);
    world.take('abort', { reason: 'test' }, { revision: 2, root: root(2), time: 7 });
    t.strictSame(world.site.former, [{ revision: 2, ended: 7 }]);
    world.jumpTo([named(1, 'docs', live)]);
    t.strictSame(world.site.former, [{ revision: 2, ended: 0 }]);
  },
);
