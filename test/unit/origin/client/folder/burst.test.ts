import t, { type Test } from 'tap';
import { Burst } from '../../../../../origin/client/folder/burst.ts';

/** Node's own timers, turned by hand: nothing here waits. */
const { mock } = await import('node:test');

function turnTimers(t: Test): void {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => mock.timers.reset());
}

function collected(t: Test) {
  turnTimers(t);
  const bursts: string[][] = [];
  return { bursts, burst: new Burst<string>((items) => bursts.push([...items])) };
}

t.test('what arrives in quick succession is one burst, each item once', async (t) => {
  const { bursts, burst } = collected(t);
  for (const item of ['a', 'b', 'a']) {
    burst.add(item);
    mock.timers.tick(20);
  }
  t.strictSame(bursts, [], 'it is not quiet yet');
  mock.timers.tick(10);
  t.strictSame(bursts, [['a', 'b']]);
  mock.timers.tick(60_000);
  t.strictSame(bursts, [['a', 'b']], 'it is handed over once');
});

t.test('after quiet comes a new burst', async (t) => {
  const { bursts, burst } = collected(t);
  burst.add('a');
  mock.timers.tick(30);
  burst.add('a');
  burst.add('b');
  mock.timers.tick(30);
  t.strictSame(bursts, [['a'], ['a', 'b']]);
});

t.test('nothing comes of nothing', async (t) => {
  const { bursts } = collected(t);
  mock.timers.tick(60_000);
  t.strictSame(bursts, []);
});

t.test('a burst that never ends is cut, and each piece has its own length', async (t) => {
  const { bursts, burst } = collected(t);
  for (let i = 0; i < 250; i++) {
    burst.add(`${i}`);
    mock.timers.tick(10);
  }
  t.equal(bursts.length, 2, 'in two and a half seconds without quiet');
  mock.timers.tick(30);
  t.equal(bursts.length, 3);
  t.strictSame(
    bursts.flat(),
    Array.from({ length: 250 }, (_, i) => `${i}`),
    'nothing is lost or told twice',
  );
});

t.test('what was handed over is not changed by what comes later', async (t) => {
  turnTimers(t);
  const sets: ReadonlySet<string>[] = [];
  const burst = new Burst<string>((items) => sets.push(items));
  burst.add('a');
  mock.timers.tick(30);
  burst.add('b');
  t.strictSame([...(sets[0] ?? [])], ['a']);
  burst.close();
});

t.test('closed, it hands over nothing more', async (t) => {
  const { bursts, burst } = collected(t);
  burst.add('a');
  burst.close();
  mock.timers.tick(60_000);
  t.strictSame(bursts, []);
});

t.test('what is added while a burst is handed over belongs to the next', async (t) => {
  turnTimers(t);
  const bursts: string[][] = [];
  const burst = new Burst<string>((items) => {
    bursts.push([...items]);
    if (bursts.length === 1) burst.add('during');
  });
  burst.add('a');
  mock.timers.tick(30);
  t.strictSame(bursts, [['a']]);
  mock.timers.tick(30);
  t.strictSame(bursts, [['a'], ['during']]);
});
