import t from 'tap';
import { FairTurns } from '../../../../shared/concurrency/fair-turns.ts';

t.test(
  'work that throws before its first turn rejects for whom it was, and gives its place back',
  async (t) => {
    const turns = new FairTurns({ perOwner: 4, inAll: 4, atOnce: 1 });
    const broken = () => {
      throw new Error('at once');
    };
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = turns.run('a', () => promise);
    const second = turns.run('b', broken);
    const third = turns.run('c', async () => 'done');
    resolve();
    await first;
    await t.rejects(second, { message: 'at once' });
    t.equal(await third, 'done');
    await t.rejects(turns.run('a', broken), { message: 'at once' });
    t.equal(await turns.run('b', async () => 'still'), 'still');
  },
);
