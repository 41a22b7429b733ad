import type { Logger } from 'pino';
import t, { type Test } from 'tap';
import { machineTime } from '../../../../edge/activate/lease.ts';
import { Upstreams } from '../../../../edge/follow/upstreams.ts';
import { Reporter } from '../../../../edge/report/reporter.ts';
import type { EdgeCatalog } from '../../../../edge/store/catalog.ts';
import { SkerryError } from '../../../../shared/errors.ts';
import {
  type EdgeReport,
  type ReportAnswer,
  type SignedReport,
  verifiedReport,
} from '../../../../shared/protocol.ts';
import { type Receipt, signReceipt } from '../../../../shared/receipt.ts';
import { edgeKey, LOG, ROOT } from '../../shared/fixed-keys.ts';
import { jumpingClock } from '../jumping-clock.ts';

const ANSWER: ReportAnswer = { leases: { oslo: 9000 }, serves: { oslo: 7000, child: 1 } };
const STATE: Omit<EdgeReport, 'receipts' | 'time'> = {
  position: 7,
  version: '1',
  parent: null,
  limits: { sites: null, prefixes: null, delay: 0, rate: null, schedule: null },
  sites: [],
  faults: [],
};
const foreign = (count: number, edge = 'child'): SignedReport[] =>
  Array.from({ length: count }, () => ({ edge, text: '{}', sig: 'x' }));
const receiptOf = (revision: number): Receipt =>
  signReceipt(
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
  );

/** A reporter whose reports are answered one after another, with what `answers` say; the last one goes on. */
function world(t: Test, answers: (ReportAnswer | Error)[] = [ANSWER], receipts: Receipt[] = []) {
  const clock = jumpingClock();
  const stepped = { ...clock, now: () => state.now };
  const state = { now: 1000 };
  const upstreams = new Upstreams(['http://a.test'], clock);
  t.teardown(() => upstreams.close());
  const sent: (readonly SignedReport[])[] = [];
  const leases: number[][] = [];
  const unsent = [...receipts];
  let waiting: { count: number; resolve: () => void } | undefined;
  upstreams.current.report = async (_caller, reports) => {
    sent.push(reports);
    if (waiting !== undefined && sent.length >= waiting.count) waiting.resolve();
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer instanceof Error) throw answer;
    return answer as ReportAnswer;
  };
  const reporter = new Reporter({
    upstreams,
    caller: { name: 'oslo', key: edgeKey, log: LOG },
    catalog: {
      unsentReceipts: async (limit: number) => unsent.slice(0, limit),
      markSent: async (some: readonly Receipt[]) => void unsent.splice(0, some.length),
    } as unknown as EdgeCatalog,
    clock: stepped,
    log: { debug() {} } as unknown as Logger,
    state: async () => STATE,
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
  return { reporter, sent, own, leases, unsent, state, begin, reports, clock };
}

t.test('the first report goes out at once, signed, and brings a lease from its sending', async (t) => {
  const { own, leases, begin, reports } = world(t);
  const before = machineTime();
  const end = begin();
  await reports(1);
  await end();
  t.strictSame(own(), [{ ...STATE, time: 1000, receipts: [] }]);
  t.equal(leases.length, 1);
  const [from = 0, ms] = leases[0] ?? [];
  t.ok(from >= before && from <= machineTime());
  t.equal(ms, 7000);
});

t.test('no lease is taken where none is granted', async (t) => {
  const { leases, begin, reports } = world(t, [{ leases: { oslo: 9000 }, serves: { child: 9000 } }]);
  const end = begin();
  await reports(1);
  await end();
  t.strictSame(leases, []);
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
  const answers = [reporter.relay(foreign(2)), reporter.relay(foreign(1, 'other'))];
  const end = begin();
  t.strictSame(await Promise.all(answers), [ANSWER, ANSWER]);
  await end();
  t.strictSame(
    sent[0]?.map(({ edge }) => edge),
    ['oslo', 'child', 'child', 'other'],
  );
});

t.test('what is not passed on is said at once, and this edge tries again', async (t) => {
  const { reporter, sent, begin, reports } = world(t, [new SkerryError('origin-unreachable', 'no'), ANSWER]);
  const answer = reporter.relay(foreign(1));
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

t.test('no more wait than fit into one report', async (t) => {
  const { reporter, sent, begin } = world(t);
  await t.rejects(reporter.relay(foreign(901)), { code: 'unavailable' });
  const answers = [reporter.relay(foreign(500)), reporter.relay(foreign(400))];
  await t.rejects(reporter.relay(foreign(1)), { code: 'unavailable' });
  const end = begin();
  await Promise.all(answers);
  t.equal(sent[0]?.length, 901);
  t.strictSame(await reporter.relay(foreign(900)), ANSWER, 'then there is room again');
  await end();
});

t.test('receipts stay until they are acknowledged', async (t) => {
  const receipts = [1, 2].map(receiptOf);
  const { own, unsent, begin, reports } = world(t, [new SkerryError('unavailable', 'no'), ANSWER], receipts);
  const end = begin();
  await reports(2);
  await end();
  t.strictSame(
    own().map((report) => report.receipts),
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
    own().map((report) => report.receipts.length),
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
  const late = reporter.relay(foreign(1));
  await t.rejects(late, { code: 'unavailable' });
  await stopped;
  const after = reporter.relay(foreign(1)).then(
    () => 'answered',
    () => 'refused',
  );
  const turns = new Promise((resolve) => setImmediate(() => resolve('waits for ever')));
  t.equal(await Promise.race([after, turns]), 'refused');
});
