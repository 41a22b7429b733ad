import t from 'tap';
import { WHOLE } from '../../../../../edge/store/cover.ts';
import { known, long, purge, root, World } from './records-world.ts';

const EVERYTHING = purge({ all: true });

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

t.test(
  'a purge limits revisions that are still to come here, and is dropped when none is left',
  async (t) => {
    const world = known();
    const { catalog } = world;
    const ended = () => {
      catalog.dropEnded(1);
      return world.site.purges.map(({ revision }) => revision);
    };
    world.take('purge', purge({ paths: ['a'] }), { revision: 3 });
    t.strictSame(ended(), [3], 'nothing is held yet');
    const third = world.activate(3);
    const fifth = world.activate(5);
    t.strictSame(ended(), [3], 'revision 3 may become active');
    catalog.reveal(1, { revision: 3, root: root(3), seq: third, files: 1 }, WHOLE, 1);
    catalog.reveal(1, { revision: 5, root: root(5), seq: fifth, files: 1 }, WHOLE, 1);
    t.strictSame(ended(), [3], 'revision 3 is a former one');
    catalog.dropHeld(1, [3]);
    t.strictSame(ended(), []);
  },
);

for (const [title, target] of [
  ['large', (i: number) => long(`p${i}-`)],
  ['many', (i: number) => purge({ paths: [`p${i}`] })],
] as const) {
  t.test(`of too ${title} purges each is of everything`, async (t) => {
    const world = known();
    const count = 300;
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
