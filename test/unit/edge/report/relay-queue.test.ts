import { Readable } from 'node:stream';
import t from 'tap';
import { wholeAnswer } from '../../../../edge/follow/upstream/answer-body.ts';
import { RelayQueue } from '../../../../edge/report/relay-queue.ts';
import { digestOf } from '../../../../shared/content/digest.ts';
import type { SignedGrant } from '../../../../shared/log/grant.ts';
import { MOST_LISTS_BYTES, reportAnswer, type SignedReport } from '../../../../shared/wire/protocol.ts';

const reports = (edge: string, count: number, text = ''): SignedReport[] =>
  Array.from({ length: count }, (_, i) => ({ edge, text: `${edge} ${i} ${text}`, sig: 's' }));
const grantOf = ({ edge, text }: SignedReport, lease = 1): SignedGrant => ({
  edge,
  report: digestOf(text),
  text: `a lease of ${lease}`,
  sig: 's',
});
const answer = (some: readonly SignedReport[]) => ({ grants: some.map((one) => grantOf(one)) });

t.test('what one child may send takes part whole, in as many requests as it needs', async (t) => {
  const queue = new RelayQueue();
  const all = reports('child', 1000);
  const answered = queue.add('child', all);
  const sent: SignedReport[] = [];
  while (!queue.isEmpty) {
    const batch = queue.take();
    t.equal(batch.reports.length, 500);
    sent.push(...batch.reports);
    batch.answered(answer(batch.reports));
  }
  t.strictSame(sent, all);
  t.strictSame(await answered, answer(all));
  t.strictSame(queue.take().reports, []);
});

t.test('large reports travel by their bytes, at least one at a time', async (t) => {
  const queue = new RelayQueue();
  for (const edge of ['a', 'b', 'c']) queue.add(edge, reports(edge, 1, 'x'.repeat(300_000))).catch(() => {});
  queue.add('huge', reports('huge', 1, '"'.repeat(383_000))).catch(() => {});
  const lengths = [queue.take(), queue.take(), queue.take()].map((batch) =>
    batch.reports.map(({ edge }) => edge),
  );
  t.strictSame(lengths, [['a', 'b'], ['c'], ['huge']]);
});

t.test('children take turns, however much one of them relays', async (t) => {
  const queue = new RelayQueue();
  queue.add('crowd', reports('crowd', 1000)).catch(() => {});
  queue.take();
  const single = queue.add('single', reports('single', 1));
  queue.add('crowd-2', reports('crowd-2', 900)).catch(() => {});
  const batch = queue.take();
  t.strictSame(
    batch.reports.slice(0, 3).map(({ edge }) => edge),
    ['crowd', 'single', 'crowd-2'],
  );
  t.equal(batch.reports.filter(({ edge }) => edge === 'crowd-2').length, 249);
  batch.answered(answer(batch.reports));
  t.strictSame(await single, answer(reports('single', 1)));
});

t.test('a child that sends newer reports has given those before up', async (t) => {
  const queue = new RelayQueue();
  const before = queue.add('child', reports('child', 900));
  queue.take();
  const newer = queue.add('child', reports('newer', 1));
  await t.rejects(before, { code: 'unavailable', message: 'child has sent newer reports' });
  const batch = queue.take();
  t.strictSame(batch.reports, reports('newer', 1));
  batch.answered(answer(batch.reports));
  t.strictSame(await newer, answer(reports('newer', 1)));
});

t.test('when too much waits, whoever has most waiting is refused', async (t) => {
  const queue = new RelayQueue();
  const text = 'x'.repeat(720_000);
  const large = queue.add('large', reports('large', 2, text));
  for (let i = 0; i < 44; i++) queue.add(`e${i}`, reports(`e${i}`, 1, text)).catch(() => {});
  const one = queue.add('one', reports('one', 1));
  queue.add('last', reports('last', 1, text)).catch(() => {});
  await t.rejects(large, { code: 'unavailable', message: /too many/ });
  queue.close();
  await t.rejects(one, { message: /about to end/ }, 'it was still waiting');
});

t.test('the rest of a request of which a part was refused waits no longer', async (t) => {
  const queue = new RelayQueue();
  const refused = queue.add('child', reports('child', 900));
  const first = queue.take();
  const other = queue.add('other', reports('other', 1));
  first.refused();
  await t.rejects(refused, { code: 'unavailable' });
  const batch = queue.take();
  t.strictSame(batch.reports, reports('other', 1));
  batch.answered(answer(batch.reports));
  t.strictSame(await other, answer(reports('other', 1)));
});

t.test('a repetition of a report brings no more than one grant, the first', async (t) => {
  const queue = new RelayQueue();
  const [one] = reports('child', 1) as [SignedReport];
  const answered = queue.add('child', [one, one]);
  queue.take().answered({ grants: [grantOf(one, 6000), grantOf(one, 0)] });
  t.strictSame(await answered, { grants: [grantOf(one, 6000), grantOf(one, 6000)] });
});

t.test('lists of assignments are passed on as they are, as many as one answer may have', async (t) => {
  const queue = new RelayQueue();
  const all = reports('child', 12);
  const answered = queue.add('child', all);
  const list = 'x'.repeat(MOST_LISTS_BYTES / 4);
  const grants = all.map((one, i) => ({ ...grantOf(one), ...(i % 2 === 0 ? { list } : {}) }));
  queue.take().answered({ grants });
  const passedOn = await answered;
  t.strictSame(
    passedOn.grants,
    grants.map(({ list, ...grant }, i) => (list === undefined || i > 6 ? grant : { ...grant, list })),
    'a grant always goes along',
  );
});

t.test('the largest answer is one that an edge reads', async (t) => {
  const grant = {
    ...{ edge: 'n'.repeat(63), report: 'f'.repeat(64), sig: 'A'.repeat(86) },
    text: JSON.stringify({
      ...{ newest: 1e13, time: 1e13, lease: 99_999, serves: 99_999, diverged: false },
      ...{ assignments: 'f'.repeat(64), takes: Array(10).fill('k'.repeat(40)) },
    }),
  };
  for (const text of ['"', '€', '\\']) {
    const list = text.repeat(MOST_LISTS_BYTES / 8 / Buffer.byteLength(text));
    const grants = Array.from({ length: 1000 }, (_, i) => (i < 8 ? { ...grant, list } : grant));
    const body = Buffer.from(JSON.stringify({ grants }));
    const read = await wholeAnswer(Readable.from([body]));
    t.equal(reportAnswer.parseText(read.toString('utf8'), 'upstream-protocol').grants.length, 1000);
  }
});

t.test('closed, it refuses what waits and what comes', async (t) => {
  const queue = new RelayQueue();
  const waiting = queue.add('child', reports('child', 2));
  queue.close();
  await t.rejects(waiting, { code: 'unavailable' });
  await t.rejects(queue.add('child', reports('child', 1)), { code: 'unavailable' });
});
