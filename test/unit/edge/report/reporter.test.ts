import { mock } from 'node:test';
import t from 'tap';
import { SkerryError } from '../../../../shared/errors.ts';
import type { Statement } from '../../../../shared/log/statements.ts';
import type { ReportAnswer } from '../../../../shared/wire/protocol.ts';
import { edgeKey, LOG, originKey } from '../../shared/fixed-keys.ts';

import { ANSWER, type Answers, foreign, granting, receiptOf, STATE, world } from './reporter-world.ts';

t.test('the first report goes out at once, signed, and brings a lease from its sending', async (t) => {
  const { own, leases, times, begin, reports, clock } = world(t);
  clock.advance(500);
  const end = begin();
  await reports(1);
  await end();
  t.strictSame(own(), [{ ...STATE, time: 1000, statements: [] }]);
  t.strictSame(leases, [[500, 7000]]);
  t.strictSame(times, [[5, 500]], 'and what time it is at the origin');
});

t.test('no lease is taken where none is granted', async (t) => {
  const { leases, begin, reports } = world(t, [granting({ serves: 0 })]);
  const end = begin();
  await reports(1);
  await end();
  t.strictSame(leases, []);
});

t.test('what the origin does not take stays here, and is sent again when it does', async (t) => {
  const { own, unsent, begin, reports, reporter } = world(
    t,
    [granting(), granting(), granting({ takes: ['receipt', 'later'] })],
    [{ kind: 'later', body: {} } as unknown as Statement, receiptOf(1)],
  );
  const end = begin();
  for (const i of [1, 2, 3, 4]) {
    await reports(i);
    await new Promise((resolve) => setImmediate(resolve));
    reporter.changed();
  }
  await end();
  const kinds = own().map(({ statements }) => statements.map(({ kind }) => kind));
  t.strictSame(kinds.slice(0, 4), [['later', 'receipt'], [], [], ['later']]);
  t.strictSame(unsent, []);
});

t.test('times strictly increase, whatever the clock does', async (t) => {
  const { reporter, own, state, begin, reports } = world(t);
  const end = begin();
  for (const [i, now] of [1000, 1000, 500, 0, 1002, 5000].entries()) {
    state.now = now;
    reporter.changed();
    await reports(i + 1);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await end();
  const times = own().map(({ time }) => time);
  t.ok(
    times.every((time, i) => i === 0 || time > Number(times[i - 1])),
    times.join(),
  );
  t.equal(times.at(-1), 5000);
});

t.test('reports of children travel with the next, after its own', async (t) => {
  const { reporter, sent, begin } = world(t);
  const answers = [reporter.relay('child', foreign(2)), reporter.relay('other', foreign(1, 'other'))];
  const end = begin();
  t.strictSame(
    await Promise.all(answers),
    [ANSWER(foreign(2)), ANSWER(foreign(1, 'other'))],
    'each gets its own',
  );
  await end();
  t.strictSame(
    sent[0]?.map(({ edge }) => edge),
    ['oslo', 'child', 'other', 'child'],
  );
});

t.test('what is not passed on is said at once, and this edge tries again', async (t) => {
  const { reporter, sent, begin, reports } = world(t, [new SkerryError('origin-unreachable', 'no'), ANSWER]);
  const answer = reporter.relay('child', foreign(1));
  const end = begin();
  await t.rejects(answer, { code: 'unavailable' });
  await reports(2);
  await end();
  t.strictSame(
    sent.map(({ length }) => length),
    [2, 1],
    'the child sends a newer one itself',
  );
});

t.test('more than fit into one request travel in several, one after another', async (t) => {
  const { reporter, sent, begin } = world(t);
  const answers = [reporter.relay('child', foreign(900)), reporter.relay('other', foreign(100, 'other'))];
  const end = begin();
  const [first, second] = await Promise.all(answers);
  await end();
  t.strictSame(first, ANSWER(foreign(900)));
  t.strictSame(second, ANSWER(foreign(100, 'other')));
  t.strictSame(
    sent.slice(0, 2).map(({ length }) => length),
    [501, 501],
  );
});

t.test('what the origin did not sign about this very report grants nothing', async (t) => {
  const receipts = [receiptOf(1)];
  const old: ReportAnswer[] = [];
  const remembered: Answers = (reports) => {
    old.push(ANSWER(reports));
    return { grants: [] };
  };
  const cases: [name: string, answers: (Answers | Error)[]][] = [
    ['nothing', [() => ({ grants: [] })]],
    ['another signer', [granting({}, edgeKey)]],
    ['another log', [granting({}, originKey, 'f'.repeat(32))]],
    ['a grant to another', [granting({}, originKey, LOG, 'bergen')]],
    [
      'a longer lease',
      [
        (reports) => ({
          grants: ANSWER(reports).grants.map((one) => ({ ...one, text: one.text.replace('7000', '9000') })),
        }),
      ],
    ],
    ['a grant for an earlier report', [remembered, () => old[0] ?? { grants: [] }]],
  ];
  for (const [name, answers] of cases) {
    const { leases, unsent, begin, reports, codes } = world(
      t,
      [...answers, new SkerryError('unavailable', 'no')],
      receipts,
    );
    const end = begin();
    await reports(answers.length + 1);
    await end();
    t.strictSame(leases, [], name);
    t.strictSame(unsent, receipts, `${name}: its receipts are sent again`);
    t.strictSame(codes(), ['bad-signature http://a.test'], name);
  }
});

t.test(
  'one that answers with nothing signed is left at once, one that passes nothing on after a while',
  async (t) => {
    const [A, B] = ['http://a.test', 'http://b.test'];
    const lied = world(t, [() => ({ grants: [] }), ANSWER], [], [A, B] as string[]);
    let end = lied.begin();
    await lied.reports(2);
    await end();
    t.strictSame(lied.asked, [A, B]);

    const refusals = Array.from({ length: 400 }, () => new SkerryError('unavailable', 'no'));
    const refused = world(t, refusals, [], [A, B] as string[]);
    end = refused.begin();
    while (!refused.asked.includes(B ?? '')) await refused.reports(refused.asked.length + 1);
    await end();
    const passed = refused.clock.slept
      .slice(0, refused.asked.indexOf(B ?? ''))
      .reduce((sum, ms) => sum + ms, 0);
    t.ok(passed >= 30_000, `${passed} ms`);
    t.strictSame(refused.codes(), []);
  },
);

t.test('a time behind that of an earlier life is made good by what the origin has', async (t) => {
  const behind = granting({ lease: 0, serves: 0, newest: 900_000 });
  const { own, leases, begin, reports, clock } = world(t, [behind, ANSWER]);
  const end = begin();
  await reports(2);
  await end();
  t.ok(clock.monotonic() < 1000, 'at once: a lease is not lost by it');
  t.strictSame(
    own().map(({ time }) => time),
    [1000, 900_001],
  );
  t.equal(leases.length, 1);
});

t.test('receipts stay until they are acknowledged', async (t) => {
  const receipts = [1, 2].map(receiptOf);
  const { own, unsent, begin, reports } = world(t, [new SkerryError('unavailable', 'no'), ANSWER], receipts);
  const end = begin();
  await reports(2);
  await end();
  t.strictSame(
    own().map((report) => report.statements),
    [receipts, receipts],
  );
  t.strictSame(unsent, []);
});

t.test('many receipts travel in several reports, without a pause', async (t) => {
  const receipts = Array.from({ length: 1003 }, (_, i) => receiptOf(i + 1));
  const { own, unsent, begin, reports } = world(t, [ANSWER], receipts);
  const end = begin();
  await reports(1);
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  await end();
  t.strictSame(
    own().map((report) => report.statements.length),
    [1000, 3],
  );
  t.strictSame(unsent, []);
});

t.test('failures are repeated with backoff', async (t) => {
  const refusals = Array.from({ length: 6 }, () => new SkerryError('unavailable', 'no'));
  const { clock, begin, reports } = world(t, [...refusals, ANSWER]);
  const end = begin();
  await reports(7);
  await end();
  t.equal(clock.slept.length, 6);
  t.ok(clock.slept.every((ms, i) => ms <= Math.min(5000, 200 * 2 ** i)));
});

t.test('what waits when the edge ends is not left waiting', async (t) => {
  const { reporter, begin, reports } = world(t, [new SkerryError('unavailable', 'no')]);
  const end = begin();
  await reports(1);
  const stopped = end();
  const late = reporter.relay('child', foreign(1));
  await t.rejects(late, { code: 'unavailable' });
  await stopped;
  const after = reporter.relay('child', foreign(1)).then(
    () => 'answered',
    () => 'refused',
  );
  const turns = new Promise((resolve) => setImmediate(() => resolve('waits for ever')));
  t.equal(await Promise.race([after, turns]), 'refused');
});

t.test('a quiet edge reports again when the origin wants its heartbeat, or a little earlier', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => mock.timers.reset());
  const { sent, begin, reports } = world(t, [granting({ heartbeat: 10_000 })]);
  const end = begin();
  for (const [i, before] of [0, 1].entries()) {
    await reports(i + 1);
    await new Promise((resolve) => setImmediate(resolve));
    mock.timers.tick(7999);
    await new Promise((resolve) => setImmediate(resolve));
    t.equal(sent.length, before + 1, 'too early');
    mock.timers.tick(2001);
    await reports(before + 2);
  }
  await end();
});
