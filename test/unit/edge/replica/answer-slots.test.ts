import t from 'tap';
import type { ServingCounters } from '../../../../edge/messages/counters.ts';
import { LATENCY_BUCKETS, NO_TRIAL } from '../../../../edge/messages/counters.ts';
import { AnswerSlots } from '../../../../edge/replica/answer-slots.ts';

/** The counts of two processes that have answered so often, each time within the bound of a bucket. */
function counted(answers: readonly (readonly [seconds: number, times: number])[]): ServingCounters[] {
  const buckets = [...LATENCY_BUCKETS, 0].map((bound) =>
    answers.filter(([seconds]) => seconds === bound).reduce((sum, [, times]) => sum + times / 2, 0),
  );
  const none = { requests: 0, errors: 0, broken: 0 };
  const one = {
    ...{ requests: {}, bytes: 0, buckets, seconds: 0, excesses: 0, broken: 0 },
    ...{ shown: { ...none, revision: 1, bytes: 0 }, past: none, trial: NO_TRIAL },
  };
  return [{ docs: one }, { docs: one }];
}

const NOBODY = new Map<string, number>();
const onTrial = { name: 'docs', revision: 2, isTrial: true };

t.test('a slot is slow when its median took several times as long as before', async (t) => {
  const slots = new AnswerSlots();
  slots.tick(counted([]), NOBODY);
  slots.tick(counted([[0.01, 1000]]), NOBODY);
  slots.observe([onTrial]);
  let all = 0;
  const slot = (seconds: number, times: number) => {
    all += times;
    const before: (readonly [number, number])[] = [[0.01, 1000], ...seen];
    seen.push([seconds, times]);
    slots.tick(counted([...before, [seconds, times]]), new Map([['docs', all]]));
    return slots.of('docs').speed;
  };
  const seen: [number, number][] = [];
  t.strictSame(slot(0.01, 20), { slots: 1, slower: [0, 0, 0, 0] });
  t.strictSame(slot(0.1, 20), { slots: 2, slower: [1, 1, 1, 0] }, 'about ten times as long');
  t.strictSame(slot(10, 4), { slots: 2, slower: [1, 1, 1, 0] }, 'too few answers');
  t.strictSame(slot(10, 20), { slots: 3, slower: [2, 2, 2, 1] });
  slots.observe([{ ...onTrial, revision: 3 }]);
  t.strictSame(slots.of('docs').speed, { slots: 0, slower: [0, 0, 0, 0] }, 'another revision counts anew');
});

t.test('what no reader notices is not slow, and without a past nothing is', async (t) => {
  const slots = new AnswerSlots();
  slots.tick(counted([]), NOBODY);
  slots.tick(counted([[0.001, 1000]]), NOBODY);
  slots.observe([{ ...onTrial, isTrial: false }]);
  slots.tick(
    counted([
      [0.001, 1000],
      [0.01, 50],
    ]),
    NOBODY,
  );
  t.strictSame(slots.of('docs').speed, { slots: 1, slower: [0, 0, 0, 0] });
  const fresh = new AnswerSlots();
  fresh.observe([onTrial]);
  fresh.tick(counted([[1, 50]]), new Map([['docs', 50]]));
  t.equal(fresh.of('docs').speed.slots, 0);
  t.equal(fresh.of('other').speed.slots, 0);
});

t.test('slots with readers before the rollout, and slots without any since', async (t) => {
  const slots = new AnswerSlots();
  slots.tick(counted([]), NOBODY);
  for (let i = 1; i <= 200; i++) slots.tick(counted([[0.001, 2 * Math.ceil(i / 2)]]), NOBODY);
  const { busy } = slots.of('docs');
  t.ok(busy.of >= 60 && busy.of <= 120, `${busy.of} slots`);
  t.equal(busy.slots, busy.of / 2);
  slots.observe([onTrial]);
  for (const requests of [3, 3, 2, 3]) slots.tick(counted([]), new Map([['docs', requests]]));
  t.strictSame(slots.of('docs').silence, { slots: 3, of: 4 }, 'a count that falls is no reader');
  slots.tick(counted([]), new Map([['docs', 4]]));
  t.strictSame(slots.of('docs').silence, { slots: 0, of: 5 });
  t.strictSame(slots.of('docs').busy, busy, 'the past stays');
  slots.tick([], NOBODY);
  t.strictSame(slots.of('docs').busy, { slots: 0, of: 0 }, 'the site is gone');
});
