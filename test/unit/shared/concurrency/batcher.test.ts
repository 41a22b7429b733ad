import { AsyncLocalStorage } from 'node:async_hooks';
import t from 'tap';
import { Batcher } from '../../../../shared/concurrency/batcher.ts';

/** A batcher whose batches end when the test says so. */
function held(most: number) {
  const batches: { items: number[]; resolve: (result: string) => void; reject: (error: Error) => void }[] =
    [];
  const batcher = new Batcher<number, string>((items) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    batches.push({ items, resolve, reject });
    return promise;
  }, most);
  return { batcher, batches };
}

t.test('a lone item does not wait', async (t) => {
  const { batcher, batches } = held(10);
  const result = batcher.add(1);
  t.same(
    batches.map(({ items }) => items),
    [[1]],
  );
  batches[0]?.resolve('done');
  t.equal(await result, 'done');
});

t.test('what is added while a batch runs becomes the next batch, in order', async (t) => {
  const { batcher, batches } = held(10);
  const results = [1, 2, 3, 4].map((item) => batcher.add(item));
  t.equal(batches.length, 1, 'one batch at a time');
  batches[0]?.resolve('first');
  t.equal(await results[0], 'first');
  t.same(
    batches.map(({ items }) => items),
    [[1], [2, 3, 4]],
  );
  batches[1]?.resolve('second');
  t.same(await Promise.all(results), ['first', 'second', 'second', 'second']);
});

t.test('no batch is larger than the most', async (t) => {
  const sizes: number[] = [];
  const batcher = new Batcher<number, void>(async (items) => {
    sizes.push(items.length);
  }, 3);
  await Promise.all(Array.from({ length: 8 }, (_, i) => batcher.add(i)));
  t.same(sizes, [1, 3, 3, 1]);
});

t.test('a batch that fails fails for all its callers, and for no others', async (t) => {
  const { batcher, batches } = held(10);
  const [first, second, third] = [batcher.add(1), batcher.add(2), batcher.add(3)];
  batches[0]?.resolve('first');
  await first;
  const late = batcher.add(4);
  batches[1]?.reject(new Error('full'));
  await t.rejects(
    second.then(() => {}),
    { message: 'full' },
  );
  await t.rejects(
    third.then(() => {}),
    { message: 'full' },
  );
  t.same(batches[2]?.items, [4]);
  batches[2]?.resolve('third');
  t.equal(await late, 'third');
});

t.test('an exception before the first await is a failure too', async (t) => {
  const batcher = new Batcher<number, void>(() => {
    throw new Error('at once');
  }, 10);
  await t.rejects(batcher.add(1), { message: 'at once' });
  await t.rejects(batcher.add(2), { message: 'at once' }, 'and the batcher goes on');
});

t.test('goes on after it was idle', async (t) => {
  const { batcher, batches } = held(10);
  const first = batcher.add(1);
  batches[0]?.resolve('a');
  await first;
  const second = batcher.add(2);
  batches[1]?.resolve('b');
  t.equal(await second, 'b');
});

t.test('a batch runs in the context of its first, whoever began the one before', async (t) => {
  const context = new AsyncLocalStorage<string>();
  const ran: (string | undefined)[] = [];
  const batcher = new Batcher<number, void>(async () => {
    ran.push(context.getStore());
  }, 2);
  const added = ['a', 'b', 'c', 'd'].map((name, i) => context.run(name, () => batcher.add(i)));
  await Promise.all(added);
  t.strictSame(ran, ['a', 'b', 'd']);
});
