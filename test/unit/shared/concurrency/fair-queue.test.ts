import t from 'tap';
import { FairQueue } from '../../../../shared/concurrency/fair-queue.ts';

const all = (queue: FairQueue<string>) => {
  const items: string[] = [];
  for (let item = queue.next(); item !== undefined; item = queue.next()) items.push(item);
  return items;
};

t.test('owners take turns, the oldest of each first', async (t) => {
  const queue = new FairQueue<string>({ perOwner: 9, inAll: 9 });
  for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) queue.add(item.charAt(0), item);
  t.equal(queue.next(), 'a1');
  queue.add('d', 'd1');
  t.strictSame(all(queue), ['b1', 'c1', 'a2', 'd1', 'c2', 'a3']);
});

t.test(
  'there is no room for what an owner has too much of, and then for the newest of who has most',
  async (t) => {
    const queue = new FairQueue<string>({ perOwner: 3, inAll: 5 });
    const dropped = ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1', 'd1'].map((item) =>
      queue.add(item.charAt(0), item),
    );
    t.strictSame(dropped, [undefined, undefined, undefined, 'a4', undefined, undefined, 'a3', 'a2']);
    t.strictSame(all(queue), ['a1', 'b1', 'c1', 'd1', 'b2']);
  },
);
