import t from 'tap';
import { atMinimumRate, timelyLines } from '../../../../../edge/follow/upstream/minimum-rate.ts';
import { jumpingClock } from '../../jumping-clock.ts';

/** Pieces of so many bytes, each after so many milliseconds. */
function world(pieces: Iterable<readonly [text: string | number, after: number]>) {
  const clock = jumpingClock();
  async function* body() {
    for (const [text, after] of pieces) {
      clock.advance(after);
      yield typeof text === 'string' ? Buffer.from(text) : Buffer.alloc(text);
    }
  }
  return { clock, body: body() };
}

function* repeated<T>(times: number, value: T): Generator<T> {
  for (let i = 0; i < times; i++) yield value;
}

async function outcome(source: AsyncIterable<unknown>): Promise<number | string> {
  let count = 0;
  try {
    for await (const _ of source) count++;
    return count;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

t.test('a body that trickles is given up, a slow one is not', async (t) => {
  const trickle = world(repeated(1_000_000, [1, 14_000] as const));
  t.equal(await outcome(atMinimumRate(trickle.body, trickle.clock)), 'origin-unreachable');
  t.ok(trickle.clock.monotonic() < 80_000);
  const slow = world(repeated(1000, [16_384, 14_000] as const));
  t.equal(await outcome(atMinimumRate(slow.body, slow.clock)), 1000, '1.2 kB a second');
  const bursts = world([...repeated(3, [65_536, 14_000] as const), ...repeated(40, [1, 1000] as const)]);
  t.equal(await outcome(atMinimumRate(bursts.body, bursts.clock)), 43);
});

t.test('what the reader takes for itself does not count', async (t) => {
  const { clock, body } = world(repeated(20, [10, 100] as const));
  let count = 0;
  for await (const _ of atMinimumRate(body, clock)) {
    clock.advance(60_000);
    count++;
  }
  t.equal(count, 20);
});

t.test('a stream whose lines get whole goes on for ever', async (t) => {
  const { clock, body } = world(repeated(500, ['{}\n', 14_000] as const));
  t.equal(await outcome(timelyLines(body, 100, clock)), 500);
});

t.test('a stream of which no line gets whole is given up', async (t) => {
  for (const piece of ['x', '\n', ' ']) {
    const { clock, body } = world([['{}\n', 0], ...repeated(10_000, [piece, 14_000] as const)]);
    t.equal(await outcome(timelyLines(body, 100_000, clock)), 'origin-unreachable', JSON.stringify(piece));
    t.ok(clock.monotonic() < 80_000);
  }
});
