import t from 'tap';
import { KeyedBatcher } from '../../../../shared/concurrency/keyed-batcher.ts';

function held() {
  const batches: { items: string[]; resolve: () => void; reject: (error: Error) => void }[] = [];
  const batcher = new KeyedBatcher<string, string, string>((items) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    batches.push({ items, resolve: () => resolve(items.join()), reject });
    return promise;
  }, 10);
  return { batcher, batches };
}

t.test('of each key one batch at a time', async (t) => {
  const { batcher, batches } = held();
  const results = ['a1', 'b1', 'a2', 'a3'].map((item) => batcher.add(item.charAt(0), item));
  t.strictSame(
    batches.map(({ items }) => items),
    [['a1'], ['b1']],
  );
  for (let i = 0; i < 3; i++) {
    batches[i]?.resolve();
    await new Promise(setImmediate);
  }
  t.strictSame(await Promise.all(results), ['a1', 'b1', 'a2,a3', 'a2,a3']);
});

t.test('a key that has nothing to do takes no memory', async (t) => {
  const { batcher, batches } = held();
  const first = batcher.add('a', 'a1');
  const second = batcher.add('a', 'a2');
  t.equal(batcher.size, 1);
  batches[0]?.resolve();
  await first;
  t.equal(batcher.size, 1, 'it has a second batch');
  batches[1]?.reject(new Error('the disk is full'));
  await t.rejects(second, { message: 'the disk is full' });
  t.equal(batcher.size, 0);
  const third = batcher.add('a', 'a3').then(() => batcher.add('a', 'a4'));
  batches[2]?.resolve();
  await new Promise(setImmediate);
  t.equal(batcher.size, 1, 'what is added when the first ends runs');
  batches[3]?.resolve();
  t.equal(await third, 'a4');
  t.equal(batcher.size, 0);
});
