import t from 'tap';
import type { EdgeCatalogCalls } from '../../../../../edge/store/catalog.ts';
import { WHOLE } from '../../../../../edge/store/cover.ts';
import { openSqliteEdgeCatalog } from '../../../../../edge/store/sqlite/sqlite-catalog.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';
import type { UnsignedRecord } from '../../../../../shared/log/record.ts';
import { DEFAULT_POLICY } from '../../../../../shared/site/site-policy.ts';
import { SignedLog } from '../../signed-log.ts';

const PART = { prefixes: ['a/'], pinned: null };

const POLICY = { ...DEFAULT_POLICY, mode: 'batch' as const };
const root = (revision: number) => digestOf(`root ${revision}`);
const member = (name: string, changes: object = {}) => ({
  ...{ name, region: 'r', lat: null, lon: null, publicKey: 'k', revoked: false },
  ...changes,
});

/** A catalog that takes in one record after another, as they come from the origin. */
class World {
  readonly catalog: EdgeCatalogCalls = openSqliteEdgeCatalog(':memory:');
  readonly log = new SignedLog();

  take(kind: string, payload: object, changes: Partial<UnsignedRecord> = {}): number {
    const record = this.log.append({ kind, payload: JSON.stringify(payload), ...changes });
    this.catalog.storeRecords([record], SignedLog.start());
    return record.seq;
  }

  settings(site: number, name: string, changes: object = {}): number {
    return this.take(
      'settings',
      { name, domains: [], deleted: false, policy: DEFAULT_POLICY, ...changes },
      { site },
    );
  }

  revision(revision: number, mode?: string, files = revision): number {
    const payload = { base: 0, files, bytes: 0, message: '', restores: null, mode: mode ?? 'async' };
    return this.take('revision', payload, { revision, root: root(revision) });
  }

  activate(revision: number, payload: object = { mode: 'async' }, time = 5): number {
    return this.take('activate', payload, { revision, root: root(revision), time });
  }

  /** One that stands in for a record that never came here. */
  jumpTo(sites: object[], members: object[] = []): number {
    this.log.checkpoint({ sites: [], members: [] }, { time: 9 });
    return this.checkpoint(sites, members);
  }

  checkpoint(sites: object[], members: object[] = []): number {
    const record = this.log.checkpoint({ sites, members }, { time: 9 });
    this.catalog.storeRecords([record], SignedLog.start());
    return record.seq;
  }

  get site() {
    const [site] = this.catalog.sites();
    if (site === undefined) throw new Error('there is no site');
    return site;
  }

  get names() {
    return this.catalog.sites().map(({ name }) => name);
  }
}

function known(): World {
  const world = new World();
  world.settings(1, 'docs');
  return world;
}

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

const purge = (changes: object = {}) => ({ all: false, paths: [], globs: [], tags: [], ...changes });
const EVERYTHING = purge({ all: true });
const long = (text: string) =>
  purge({ paths: Array.from({ length: 60 }, (_, i) => `${text}${i}`.padEnd(1000, 'x')) });

t.test('purges are pending until they are carried out, and end what former revisions answer', async (t) => {
  const world = known();
  const first = world.take('purge', purge({ paths: ['a'] }), { revision: 3 });
  const second = world.take('purge', purge({ tags: ['t'] }), { revision: 4 });
  const other = world.take('purge', purge({ paths: ['b'] }), { site: 2, revision: 1 });
  t.strictSame(world.catalog.sitesToPurge(), [1, 2]);
  t.strictSame(world.catalog.pendingPurges(1, 10), [
    { seq: first, target: purge({ paths: ['a'] }) },
    { seq: second, target: purge({ tags: ['t'] }) },
  ]);
  t.strictSame(world.catalog.pendingPurges(1, 1).length, 1);
  const ended = [
    { revision: 4, target: purge({ tags: ['t'] }) },
    { revision: 3, target: purge({ paths: ['a'] }) },
  ];
  t.strictSame(world.site.purges, ended);
  const receipt = { log: 'l', epoch: 1, edge: 'e', site: 1, seq: first, matched: 1, since: 1, sig: 's' };
  world.catalog.purgesDone([receipt]);
  t.strictSame(
    world.catalog.pendingPurges(1, 10).map(({ seq }) => seq),
    [second],
  );
  const statement = { kind: 'purge-receipt', body: receipt } as const;
  t.strictSame(world.catalog.unsentStatements(10, 1e6), [statement]);
  world.catalog.acknowledged([statement]);
  t.strictSame(world.catalog.unsentStatements(10, 1e6), []);
  t.strictSame(world.site.purges, ended, 'what they ended stays ended');
  t.strictSame(
    world.catalog.pendingPurges(2, 10).map(({ seq }) => seq),
    [other],
  );
});

t.test('what is ended is named once, and everything stands for all before it', async (t) => {
  const world = known();
  world.take('purge', purge({ paths: ['a'] }), { revision: 1 });
  world.take('purge', purge({ paths: ['a'] }), { revision: 2 });
  t.strictSame(world.site.purges, [{ revision: 2, target: purge({ paths: ['a'] }) }]);
  world.take('purge', EVERYTHING, { revision: 3 });
  world.take('purge', purge({ paths: ['b'] }), { revision: 3 });
  t.strictSame(world.site.purges, [{ revision: 3, target: EVERYTHING }]);
  world.take('purge', purge({ paths: ['b'] }), { revision: 4 });
  t.equal(world.site.purges.length, 2);
});

for (const [title, target] of [
  ['large', (i: number) => long(`p${i}-`)],
  ['many', (i: number) => purge({ paths: [`p${i}`] })],
] as const) {
  t.test(`of too ${title} purges each is of everything`, async (t) => {
    const world = known();
    const count = 1000;
    for (let i = 0; i < count; i++) world.take('purge', target(i), { revision: 5 });
    t.strictSame(world.site.purges, [{ revision: 5, target: EVERYTHING }]);
    const pending = world.catalog.pendingPurges(1, 2 * count);
    t.equal(pending.length, count, 'each is answered for');
    t.ok(pending.every((one) => one.target.all));
    world.catalog.purgesDone(
      pending.map(({ seq }) => ({
        log: 'l',
        epoch: 1,
        edge: 'e',
        site: 1,
        seq,
        matched: 1,
        since: 1,
        sig: 's',
      })),
    );
    const seq = world.take('purge', purge({ paths: ['later'] }), { revision: 6 });
    t.strictSame(world.catalog.pendingPurges(1, 2), [{ seq, target: purge({ paths: ['later'] }) }]);
    t.equal(world.site.purges.length, 2);
  });
}

t.test('a purge of a later version, with what this one cannot read, is of everything', async (t) => {
  const world = known();
  const seq = world.take('purge', { all: false, paths: 'a*' }, { revision: 2 });
  t.strictSame(world.catalog.pendingPurges(1, 2), [{ seq, target: EVERYTHING }]);
});

t.test('what is dated in the future is of now', async (t) => {
  const world = new World();
  const { catalog } = world;
  world.settings(1, 's');
  for (const [revision, time] of [
    [1, 5],
    [2, 90_000],
    [3, 10_500],
  ] as const)
    world.activate(revision, { mode: 'async' }, time);
  catalog.reveal(1, { revision: 1, root: root(1), seq: 2, files: 1 }, WHOLE, 1);
  catalog.reveal(1, { revision: 9, root: root(9), seq: 2, files: 1 }, WHOLE, 80_000);
  const dates = () => {
    const [site] = catalog.sites();
    return [site?.activations.map(({ time }) => time), site?.former.map(({ ended }) => ended)];
  };
  t.strictSame(dates(), [[90_000, 10_500], [80_000]]);
  t.equal(catalog.redate(10_000), true);
  t.strictSame(dates(), [[10_000, 10_500], [10_000]], 'what has just come is left as it is');
  t.equal(catalog.redate(10_000), false);
  t.equal(catalog.clockOffset(), 0);
  catalog.noteClockOffset(-120_000);
  t.equal(catalog.clockOffset(), -120_000);
});
