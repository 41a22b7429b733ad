import t from 'tap';
import { KeyedLock } from '../../../../shared/concurrency/keyed-lock.ts';

/** Work that ends when it is told to, and keeps a diary. */
function work(diary: string[], name: string) {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const run = async () => {
    diary.push(`${name} begins`);
    try {
      return await promise;
    } finally {
      diary.push(`${name} ends`);
    }
  };
  return { run, end: () => resolve(name), fail: () => reject(new Error(name)) };
}

t.test('runs the work of one key one after another, in the order of the calls', async (t) => {
  const lock = new KeyedLock<string>();
  const diary: string[] = [];
  const [a, b, c] = [work(diary, 'a'), work(diary, 'b'), work(diary, 'c')];
  const done = [lock.run('k', a.run), lock.run('k', b.run), lock.run('k', c.run)];
  c.end();
  b.end();
  t.same(diary, ['a begins'], 'what could end first still waits');
  a.end();
  t.same(await Promise.all(done), ['a', 'b', 'c']);
  t.same(diary, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});

t.test('runs the work of different keys side by side', async (t) => {
  const lock = new KeyedLock<string>();
  const diary: string[] = [];
  const [a, b] = [work(diary, 'a'), work(diary, 'b')];
  const first = lock.run('a', a.run);
  const second = lock.run('b', b.run);
  t.same(diary, ['a begins', 'b begins']);
  b.end();
  t.equal(await second, 'b', 'ends while the other runs');
  a.end();
  t.equal(await first, 'a');
});

t.test('a failure reaches its caller and lets the next one run', async (t) => {
  const lock = new KeyedLock<string>();
  const diary: string[] = [];
  const [a, b] = [work(diary, 'a'), work(diary, 'b')];
  const first = lock.run('k', a.run);
  const second = lock.run('k', b.run);
  b.end();
  a.fail();
  await t.rejects(first, { message: 'a' });
  t.equal(await second, 'b');
});

t.test('a key whose work has ended is free at once', async (t) => {
  const lock = new KeyedLock<string>();
  await lock.run('k', async () => {});
  let ran = false;
  const again = lock.run('k', async () => {
    ran = true;
  });
  t.equal(ran, true);
  await again;
});

t.test('work that comes while the last one ends still waits its turn', async (t) => {
  const lock = new KeyedLock<string>();
  let running = 0;
  let most = 0;
  const one = () =>
    lock.run('k', async () => {
      running++;
      most = Math.max(most, running);
      await Promise.resolve();
      running--;
    });
  await Promise.all(Array.from({ length: 20 }, () => one().then(one)));
  t.equal(most, 1);
});

t.test('whoever gives up waiting is told at once, and the others keep their turns', async (t) => {
  const lock = new KeyedLock<string>();
  const diary: string[] = [];
  const [a, b, c] = [work(diary, 'a'), work(diary, 'b'), work(diary, 'c')];
  const impatient = new AbortController();
  const first = lock.run('k', a.run);
  const second = lock.run('k', b.run, impatient.signal);
  const third = lock.run('k', c.run);
  impatient.abort(new Error('too late'));
  await t.rejects(second, { message: 'too late' });
  t.same(diary, ['a begins'], 'while the first still runs');
  a.end();
  c.end();
  t.equal(await first, 'a');
  t.equal(await third, 'c');
  t.same(diary, ['a begins', 'a ends', 'c begins', 'c ends'], 'work that was given up never begins');
});

t.test('work that has begun keeps its turn, though nobody waits for it any more', async (t) => {
  const lock = new KeyedLock<string>();
  const diary: string[] = [];
  const [a, b] = [work(diary, 'a'), work(diary, 'b')];
  const impatient = new AbortController();
  const first = lock.run('k', a.run, impatient.signal);
  const second = lock.run('k', b.run);
  impatient.abort(new Error('too late'));
  await t.rejects(first, { message: 'too late' });
  t.same(diary, ['a begins']);
  b.end();
  a.end();
  t.equal(await second, 'b');
  t.same(diary, ['a begins', 'a ends', 'b begins', 'b ends']);
  t.equal(await lock.run('k', async () => 'free', new AbortController().signal), 'free');
});
