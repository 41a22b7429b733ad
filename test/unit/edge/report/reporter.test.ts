import type { Logger } from 'pino';
import t, { type Test } from 'tap';
import { Faults } from '../../../../edge/follow/faults.ts';
import type { Self } from '../../../../edge/follow/upstream/transfer.ts';
import { Upstreams, upstreamAddresses } from '../../../../edge/follow/upstream/upstreams.ts';
import { type ListArrival, Reporter } from '../../../../edge/report/reporter.ts';
import type { EdgeCatalog } from '../../../../edge/store/catalog.ts';
import { digestOf } from '../../../../shared/content/digest.ts';
import { SkerryError } from '../../../../shared/errors.ts';
import { type LeaseGrant, signGrant } from '../../../../shared/log/grant.ts';
import { signReceipt } from '../../../../shared/log/receipt.ts';
import type { Statement } from '../../../../shared/log/statements.ts';
import {
  type EdgeReport,
  type ReportAnswer,
  type SignedReport,
  verifiedReport,
} from '../../../../shared/wire/protocol.ts';
import { edgeKey, LOG, originKey, ROOT } from '../../shared/fixed-keys.ts';
import { jumpingClock } from '../jumping-clock.ts';

type Answers = (reports: readonly SignedReport[]) => ReportAnswer;

/** What the origin answers: a grant for each report. */
const granting =
  (changes: Partial<LeaseGrant> = {}, key = originKey, log = LOG, to?: string): Answers =>
  (reports) => ({
    grants: reports.map(({ edge, text }) => {
      const grant = {
        newest: 0,
        time: 5,
        lease: 9000,
        serves: 7000,
        diverged: false,
        assignments: null,
        takes: ['receipt'],
        ...changes,
      };
      return signGrant({ log, epoch: 1 }, { edge: to ?? edge, report: digestOf(text) }, grant, key);
    }),
  });
const ANSWER = granting();
const STATE: Omit<EdgeReport, 'statements' | 'time'> = {
  position: 7,
  hash: '7'.repeat(64),
  head: null,
  version: '1',
  parent: null,
  limits: { sites: null, prefixes: null, delay: 0, rate: null, schedule: null, storage: 'full' },
  sites: [],
  faults: [],
};
const foreign = (count: number, edge = 'child'): SignedReport[] =>
  Array.from({ length: count }, (_, i) => ({ edge, text: `{"${edge}":${i}}`, sig: 'x' }));
const receiptOf = (revision: number): Statement => ({
  kind: 'receipt',
  body: signReceipt(
    {
      log: LOG,
      epoch: 1,
      edge: 'oslo',
      site: 1,
      revision,
      root: ROOT,
      seq: revision,
      since: 1,
      covers: 'all',
    },
    edgeKey,
  ),
});

/** A reporter whose reports are answered one after another, with what `answers` say; the last one goes on. */
function world(
  t: Test,
  answers: (Answers | Error)[] = [ANSWER],
  receipts: Statement[] = [],
  urls = ['http://a.test'],
) {
  const clock = jumpingClock();
  const state = { now: 1000 };
  const upstreams = new Upstreams(upstreamAddresses(urls, 'http://origin.test'), clock);
  t.teardown(() => upstreams.close());
  const sent: (readonly SignedReport[])[] = [];
  const leases: number[][] = [];
  const times: number[][] = [];
  const busy = { now: false };
  const lists: unknown[] = [];
  const arrivals: ListArrival[] = [];
  const unsent = [...receipts];
  let waiting: { count: number; resolve: () => void } | undefined;
  const asked: string[] = [];
  const faults = new Faults(clock);
  const answer = (url: string) => async (_caller: Self, reports: readonly SignedReport[]) => {
    sent.push(reports);
    asked.push(url);
    if (waiting !== undefined && sent.length >= waiting.count) waiting.resolve();
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer instanceof Error) throw answer;
    return (answer ?? ANSWER)(reports);
  };
  for (const upstream of upstreams.all) upstream.report = answer(upstream.url);
  const reporter = new Reporter({
    upstreams,
    self: { name: 'oslo', key: edgeKey, log: LOG },
    catalog: {
      unsentStatements: async (limit: number, _maxBytes: number, kinds?: readonly string[]) =>
        unsent.filter(({ kind }) => kinds?.includes(kind) ?? true).slice(0, limit),
      acknowledged: async (some: readonly Statement[]) => {
        for (const one of some) unsent.splice(unsent.indexOf(one), 1);
      },
    } as unknown as EdgeCatalog,
    clock,
    now: () => state.now,
    log: { debug() {} } as unknown as Logger,
    faults,
    origin: () => ({ log: LOG, epoch: 1, key: originKey.publicKey }),
    state: async () => STATE,
    isBusy: () => busy.now,
    assigned: (digest, list) => {
      lists.push([digest, list]);
      return arrivals.length > 1 ? (arrivals.shift() ?? 'here') : (arrivals[0] ?? 'here');
    },
    answered: ({ time }, sent) => times.push([time, sent]),
    leased: (from, ms) => leases.push([from, ms]),
  });
  const stop = new AbortController();
  const begin = () => {
    const running = reporter.run(stop.signal);
    return async () => {
      stop.abort();
      await running;
    };
  };
  const reports = (count: number) =>
    new Promise<void>((resolve) => {
      waiting = { count, resolve };
      if (sent.length >= count) resolve();
    });
  const own = () => sent.map(([first]) => verifiedReport(LOG, first as SignedReport, edgeKey.publicKey));
  const codes = () => faults.list().map(({ code, upstream }) => `${code} ${upstream}`);
  return {
    reporter,
    sent,
    asked,
    own,
    leases,
    times,
    lists,
    arrivals,
    busy,
    unsent,
    state,
    begin,
    reports,
    clock,
    codes,
  };
}

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
  const { lists, begin, reports } = world(t, [stale, forged, ANSWER]);
  const end = begin();
  await reports(3);
  await end();
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
