import t from 'tap';
import {
  afterFrame,
  firstFreshness,
  isBehind,
  STALE_MS,
  staleness,
} from '../../../../../edge/follow/log/freshness-state.ts';
import type { Head } from '../../../../../shared/log/head.ts';
import { SignedLog } from '../../signed-log.ts';

const head = (seq: number, time: number): Head => new SignedLog().head(time, { seq });

type Frame = [now: number, position: number, head: Head | undefined];

/** What is said of an upstream after each of these frames. */
function judged(position: number, frames: Frame[]) {
  let state = firstFreshness(0, position);
  return frames.map(([now, at, newest]) => {
    const frame = { now, position: at, head: newest };
    state = afterFrame(state, frame);
    return staleness(state, frame);
  });
}

const beats = (count: number, of: (i: number) => Frame): Frame[] =>
  Array.from({ length: count }, (_, i) => of(i));

t.test('who keeps up', async (t) => {
  const cases: [string, number, Frame[]][] = [
    ['a head every 5 seconds', 4, beats(100, (i) => [i * 5000, 4, head(4, i + 1)])],
    ['each head a record ahead, for a busy log', 0, beats(100, (i) => [i * 5000, i, head(i + 1, i + 1)])],
    ['no head for long while much is caught up', 0, beats(100, (i) => [i * 20_000, i * 400, undefined])],
    [
      'heads before and after an hour in which this process stood still, and a call first',
      4,
      [
        ...[0, 5000].map((at): Frame => [at, 4, head(4, at + 1)]),
        ...[3_600_000, 3_601_000].map((at): Frame => [at, 4, head(4, 5001)]),
      ],
    ],
    ['a head far ahead while much is caught up', 0, beats(99, (i) => [i * 9000, i * 200, head(99_999, i)])],
  ];
  for (const [name, position, frames] of cases)
    t.ok(
      judged(position, frames).every((why) => why === undefined),
      name,
    );
});

t.test('who does not', async (t) => {
  const cases: [string, number, Frame[], string][] = [
    ['no head at all', 0, beats(7, (i) => [i * 5000, 0, undefined]), 'old-head'],
    ['the same head again and again', 4, beats(8, (i) => [i * 5000, 4, head(4, 7)]), 'old-head'],
    ['an older one in between', 4, beats(8, (i) => [i * 5000, 4, head(4, 7 - i)]), 'old-head'],
    ['heads without their records', 4, beats(8, (i) => [i * 5000, 4, head(9, i + 1)]), 'records-held-back'],
    ['one record now and then', 4, beats(8, (i) => [i * 5000, 4 + i, head(99, i + 1)]), 'records-held-back'],
  ];
  for (const [name, position, frames, why] of cases) {
    const found = judged(position, frames);
    t.equal(found.at(-1), why, name);
    t.equal(found.at(-3), undefined, `${name}: not before its time`);
  }
});

t.test('a head is behind when it would be left again', async (t) => {
  t.equal(isBehind(head(4, 100_000), head(4, 100_000 + STALE_MS)), false);
  t.equal(isBehind(head(9, 100_000), head(4, 100_001 + STALE_MS)), true);
  t.equal(isBehind(head(4, 1), undefined), false);
});
