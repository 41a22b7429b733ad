import t from 'tap';
import { random } from '../../../../helpers/random.ts';
import { entry, expectedBuckets, plain, randomChanges, SITE, type State, tables } from './states.ts';

t.test('the buckets of any revision are those of its entries', async (t) => {
  for (let seed = 1; seed <= 10; seed++) {
    const numbers = random(seed);
    const { staging, buckets, sealed } = tables();
    const history: State[] = [new Map()];
    for (let revision = 1; revision <= 6; revision++) {
      const { changes, state } = randomChanges(history.at(-1) ?? new Map(), numbers, 15);
      history.push(state);
      staging.stage(SITE, revision, changes);
      t.equal(sealed(revision), expectedBuckets(state).root, `seed ${seed}, ${revision}: the root`);
    }
    for (const [revision, state] of history.entries()) {
      const { byLeaf, leaves, nodes } = expectedBuckets(state);
      const name = `seed ${seed}, ${revision}`;
      t.strictSame(plain(buckets.nodesAt(SITE, revision)), plain(nodes), `${name}: nodes`);
      const numbersOf = nodes.map(({ id }) => id);
      t.strictSame(plain(buckets.leavesAt(SITE, revision, numbersOf)), plain(leaves), `${name}: leaves`);
      for (const [leaf, entries] of byLeaf)
        t.strictSame(buckets.leafEntries(SITE, revision, leaf), entries, `${name}: leaf ${leaf}`);
    }
  }
});

t.test('leaves come ascending, of the nodes asked for alone', async (t) => {
  const { staging, buckets, sealed } = tables();
  const state = new Map(Array.from({ length: 60 }, (_, i) => [`f${i}`, entry(`f${i}`, i)]));
  staging.stage(
    SITE,
    1,
    [...state.values()].map((put) => ({ kind: 'put', entry: put })),
  );
  sealed(1);
  const { leaves, nodes } = expectedBuckets(state);
  const some = nodes.slice(3, 6).map(({ id }) => id);
  const expected = leaves.filter(({ id }) => some.includes(Math.floor(id / 256)));
  t.strictSame(plain(buckets.leavesAt(SITE, 1, some.toReversed())), plain(expected));
  t.strictSame(buckets.leavesAt(SITE, 1, []), []);
  t.strictSame(buckets.nodesAt(SITE, 0), [], 'nothing before the first revision');
  t.strictSame(buckets.nodesAt(SITE + 1, 1), [], 'nor of another site');
  t.strictSame(buckets.leafEntries(SITE + 1, 1, leaves[0]?.id ?? 0), []);
});
