import t from 'tap';
import { VariantQueue } from '../../../../edge/variants/variant-queue.ts';

const one = (path: string, times: number, revision = 1) => ({ site: 1, revision, path, times });

t.test('what is asked for most comes first, once', async (t) => {
  const wanted = new VariantQueue();
  wanted.add([one('a', 1), one('b', 2)]);
  wanted.add([one('a', 3, 2), one('c', 1)]);
  t.same(wanted.next(), { ...one('a', 4), revision: 2 });
  t.same(wanted.next(), one('b', 2));
  t.same(wanted.next(), one('c', 1));
  t.equal(wanted.next(), undefined);
});

t.test('it is bounded, and what is known goes on being counted', async (t) => {
  const wanted = new VariantQueue();
  wanted.add(Array.from({ length: 10_000 }, (_, i) => one(`p${i}`, 1)));
  wanted.add([one('late', 100), one('p7', 1)]);
  t.same(wanted.next(), one('p7', 2));
});
