import type { Logger } from 'pino';
import t, { type Test } from 'tap';
import { LogTime } from '../../../../../edge/follow/log/log-time.ts';
import {
  afterAnswer,
  afterHead,
  aheadOf,
  firstLogTime,
  type LogTimeState,
} from '../../../../../edge/follow/log/log-time-state.ts';
import type { Head } from '../../../../../shared/log/head.ts';
import { wrongClock } from '../../../../helpers/turned-clock.ts';
import { jumpingClock } from '../../jumping-clock.ts';

const DAY = 86_400_000;
const YEAR = 365 * DAY;

t.test('what an edge takes the time of the log for', async (t) => {
  type Step = (state: LogTimeState) => LogTimeState;
  const first = (wall: number, signed: number | null = null) => firstLogTime(wall, signed, 0);
  const head =
    (time: number, at: number): Step =>
    (state) =>
      afterHead(state, time, at);
  const answer =
    (time: number, sent: number, came: number): Step =>
    (state) =>
      afterAnswer(state, { time, sent, came });
  const table: [string, LogTimeState, Step[], ahead: number, proven: number | null][] = [
    ['nothing heard: the wall clock', first(1000), [], 1000, null],
    ['not before what was signed', first(1000, 5000), [], 5000, 5000],
    ['a wall clock that is ahead', first(YEAR, 5000), [], YEAR, 5000],
    ['a head in place of the wall clock', first(YEAR), [head(5100, 100)], 5000, 5000],
    ['a head that comes later than it was signed', first(0), [head(5000, 300)], 4700, 4700],
    ['the one that took least', first(0), [head(5000, 300), head(6000, 1010), head(7000, 2500)], 4990, 4990],
    ['the same head again', first(0), [head(5000, 300), head(5000, 30_000)], 4700, 4700],
    ['not before what was signed, either', first(0, 5000), [head(4000, 10)], 5000, 5000],
    ['an answer, from both sides', first(0), [head(5000, 300), answer(6000, 1000, 1200)], 4800, 4800],
    ['an answer that says no more', first(0), [head(5000, 0), answer(6000, 900, 1100)], 5000, 5000],
    ['an answer before any head', first(YEAR), [answer(6000, 900, 1100)], 4900, 4900],
    ['an origin that was a year ahead', first(0), [head(YEAR, 0), answer(6000, 900, 1100)], 5100, 5100],
    [
      'a head from before it was put back, which comes late',
      first(0),
      [head(YEAR, 0), answer(6000, 900, 1100), head(YEAR + 500, 1200)],
      5100,
      5100,
    ],
    [
      'a clock that is put forward: the next answer',
      first(0),
      [answer(6000, 900, 1100), head(YEAR, 1200), answer(YEAR + 100, 1250, 1300)],
      YEAR - 1200,
      YEAR - 1200,
    ],
    ['an old head after it', first(0), [answer(6000, 900, 1100), head(4000, 2000)], 4900, 4900],
    ['a monotonic clock that is fast', first(0), [head(5000, 0), answer(9000, 4100, 4110)], 4900, 4900],
    ['a monotonic clock that is slow', first(0), [head(5000, 0), answer(9000, 3900, 3910)], 5090, 5090],
  ];
  for (const [name, state, steps, ahead, proven] of table) {
    const end = steps.reduce((now, step) => step(now), state);
    t.strictSame([aheadOf(end), end.provenAheadMs], [ahead, proven], name);
  }
});

/** An edge's time over a wall clock that is wrong by `wrong`, and what it keeps. */
async function edgeTime(t: Test, wrong: number, kept: { offset?: number; signed?: number } = {}) {
  const clock = jumpingClock(1_800_000_000_000);
  const wall = wrongClock(clock, wrong);
  const said: string[] = [];
  const state = { offset: kept.offset ?? 0 };
  const catalog = {
    signedHead: async () => (kept.signed === undefined ? undefined : ({ time: kept.signed } as Head)),
    clockOffset: async () => state.offset,
    async noteClockOffset(ms: number) {
      state.offset = ms;
    },
  };
  const log = { warn: (_: unknown, text: string) => said.push(text) } as unknown as Logger;
  const time = await LogTime.open(catalog, wall, log);
  /** Looks at the wall clock once. */
  const look = async () => {
    const stop = new AbortController();
    const running = time.run(stop.signal);
    stop.abort();
    await running;
  };
  t.teardown(look);
  return { time, clock, wall, said, state, look };
}

for (const wrong of [-2 * DAY, -240_000, -120_000, 0, 120_000, 240_000, 2 * DAY]) {
  t.test(`a wall clock that is wrong by ${wrong / 1000} s`, async (t) => {
    const { time, clock, state } = await edgeTime(t, wrong);
    time.heard(clock.now());
    t.equal(time.now(), clock.now());
    t.equal(time.proven(), clock.now());
    t.equal(time.offset, wrong);
    t.equal(state.offset, wrong, 'is known to the next start');
    const next = await edgeTime(t, wrong, { offset: wrong });
    t.equal(next.time.now(), next.clock.now(), 'which goes on without its upstream');
    t.equal(next.time.offset, null);
  });
}

t.test('a wall clock that is set while the edge runs moves nothing', async (t) => {
  const { time, clock, wall, look, state, said } = await edgeTime(t, 0);
  time.heard(clock.now());
  for (const jump of [3_600_000, -3_600_000, 0]) {
    wall.set(jump);
    clock.advance(1000);
    t.equal(time.now(), clock.now());
    await look();
    t.equal(state.offset, jump, 'and the next start knows, too');
    t.equal(time.offset, jump);
  }
  t.strictSame(said, ['the clock is 1 h 0 min ahead: readers are not affected', 'the clock is right again']);
});

t.test('a warning begins once and ends once', async (t) => {
  const { time, clock, wall, look, said } = await edgeTime(t, -120_000);
  time.heard(clock.now());
  for (let i = 0; i < 3; i++) await look();
  t.strictSame(said, ['the clock is 2 min 0 s behind: readers are not affected']);
  wall.set(4000);
  for (let i = 0; i < 3; i++) await look();
  t.strictSame(said.slice(1), ['the clock is right again']);
});

t.test('who waits for the time is told when it is another one', async (t) => {
  const { time, clock } = await edgeTime(t, 0);
  let told = 0;
  time.onChange(() => told++);
  time.heard(clock.now());
  t.equal(told, 1, 'of the first word, whatever it says');
  time.heard(clock.now() + 20);
  t.equal(told, 1);
  time.heard(clock.now() + 60);
  t.equal(told, 2);
  t.equal(time.ahead, clock.now() + 60 - clock.monotonic());
});

t.test('an origin whose clock was a year ahead for a while', async (t) => {
  const { time, clock } = await edgeTime(t, 0);
  time.heard(clock.now() + YEAR);
  t.equal(time.now(), clock.now() + YEAR, 'is followed');
  clock.advance(60_000);
  const sent = clock.monotonic();
  clock.advance(10);
  t.equal(time.answered(clock.now() - 5, sent), true, 'until its next answer');
  t.equal(time.now(), clock.now() + 5);
  clock.advance(2000);
  t.equal(time.answered(clock.now(), clock.monotonic()), false);
  t.equal(time.now(), clock.now());
});
