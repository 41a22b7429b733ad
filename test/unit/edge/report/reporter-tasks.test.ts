import t from 'tap';
import { digestOf } from '../../../../shared/content/digest.ts';
import { edgeKey } from '../../shared/fixed-keys.ts';

import { ANSWER, type Answers, granting, receiptOf, world } from './reporter-world.ts';

const DIGEST = digestOf('a list');
/** Grants that name a list, which comes beside them or does not. */
const naming =
  (list?: string): Answers =>
  (reports) => ({
    grants: granting({ assignments: DIGEST })(reports).grants.map((one) =>
      list === undefined ? one : { ...one, list },
    ),
  });

t.test('the list beside the grant is handed on, with the digest that the origin signed', async (t) => {
  const { lists, begin, reports } = world(t, [naming('a list')]);
  const end = begin();
  await reports(1);
  await end();
  t.strictSame(lists, [[DIGEST, 'a list']]);
});

t.test('a grant that does not count brings no list', async (t) => {
  const stale: Answers = (reports) => ({
    grants: granting({ lease: 0, serves: 0, assignments: DIGEST })(reports).grants.map((one) => ({
      ...{ ...one, list: 'a list' },
    })),
  });
  const forged: Answers = (reports) => ({
    grants: granting({ assignments: DIGEST }, edgeKey)(reports).grants.map((one) => ({ ...one, list: 'x' })),
  });
  const { lists, unanswered, begin, reports } = world(t, [stale, forged, ANSWER]);
  const end = begin();
  await reports(3);
  await end();
  t.equal(unanswered.count, 2, 'the tasks hear of it');
  t.strictSame(lists.slice(0, 1), [[null, undefined]]);
});

t.test('a list that is missing costs nothing else, and the edge asks again soon', async (t) => {
  const { leases, unsent, arrivals, codes, begin, reports } = world(t, [naming()], [receiptOf(1)]);
  arrivals.push('missing', 'here');
  const end = begin();
  await reports(2);
  await end();
  t.equal(leases.length, 2);
  t.strictSame(unsent, [], 'receipts are acknowledged');
  t.strictSame(codes(), []);
});

t.test('an upstream that keeps withholding the list is left, one that alters it at once', async (t) => {
  const [A, B] = ['http://a.test', 'http://b.test'];
  const withheld = world(t, [naming()], [], [A, B] as string[]);
  withheld.arrivals.push('missing');
  let end = withheld.begin();
  await withheld.reports(2);
  t.strictSame(withheld.codes(), []);
  withheld.clock.advance(30_000);
  while (!withheld.asked.includes(B ?? '')) await withheld.reports(withheld.sent.length + 1);
  await end();
  t.strictSame(withheld.codes(), [`upstream-protocol ${A}`]);

  const altered = world(t, [naming('an altered list')], [], [A, B] as string[]);
  altered.arrivals.push('altered', 'here');
  end = altered.begin();
  await altered.reports(2);
  await end();
  t.strictSame(altered.asked, [A, B]);
  t.strictSame(altered.codes(), [`upstream-protocol ${A}`]);
  t.equal(altered.leases.length, 2, "the grant itself is the origin's");
});

t.test('while a task runs, its progress is reported every half second', async (t) => {
  const { begin, reports, busy } = world(t);
  const end = begin();
  await reports(1);
  busy.now = true;
  const began = performance.now();
  // The first of these may have to wait for a heartbeat that began before the task.
  await reports(4);
  await end();
  t.ok(performance.now() - began >= 900, 'and not more often');
});

t.test('calls without end cause few reports, and delay none that is due', async (t) => {
  const { reporter, sent, clock, begin, reports } = world(t);
  const end = begin();
  await reports(1);
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const isOver = { yet: false };
  const calling = (async () => {
    while (!isOver.yet) {
      reporter.called();
      await turn();
    }
  })();
  await reports(6);
  for (let i = 0; i < 50; i++) await turn();
  t.equal(sent.length, 6, 'the clock stands still, so the budget for calls is used up');
  reporter.changed();
  await reports(7);
  clock.advance(500);
  await reports(8);
  isOver.yet = true;
  await calling;
  await end();
});
