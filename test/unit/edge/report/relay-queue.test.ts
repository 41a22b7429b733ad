import t from 'tap';
import { RelayQueue } from '../../../../edge/report/relay-queue.ts';
import { digestOf } from '../../../../shared/digest.ts';
import type { Grant } from '../../../../shared/grant.ts';
import type { SignedReport } from '../../../../shared/protocol.ts';

const reports = (edge: string, count: number, text = ''): SignedReport[] =>
  Array.from({ length: count }, (_, i) => ({ edge, text: `${edge} ${i} ${text}`, sig: 's' }));
const grantOf = ({ edge, text }: SignedReport, lease = 1): Grant => ({
  ...{ edge, report: digestOf(text), newest: 0, time: 0, lease, serves: 0, diverged: false, sig: 's' },
});
const answer = (some: readonly SignedReport[]) => ({ grants: some.map((one) => grantOf(one)) });

t.test('what one child may send takes part whole, in as many requests as it needs', async (t) => {
  const queue = new RelayQueue();
  const all = reports('child', 1000);
  const answered = queue.add(all);
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
  for (const edge of ['a', 'b', 'c']) queue.add(reports(edge, 1, 'x'.repeat(300_000))).catch(() => {});
  queue.add(reports('huge', 1, '"'.repeat(383_000))).catch(() => {});
  const lengths = [queue.take(), queue.take(), queue.take()].map((batch) =>
    batch.reports.map(({ edge }) => edge),
  );
  t.strictSame(lengths, [['a', 'b'], ['c'], ['huge']]);
});

t.test('it is bounded by count and by bytes', async (t) => {
  const queue = new RelayQueue();
  for (let i = 0; i < 4; i++) queue.add(reports(`e${i}`, 1000)).catch(() => {});
  await t.rejects(queue.add(reports('last', 1)), { code: 'unavailable' });
  queue.take();
  queue.add(reports('last', 1)).catch(() => {});
  const heavy = new RelayQueue();
  for (let i = 0; i < 46; i++) heavy.add(reports(`e${i}`, 1, 'x'.repeat(720_000))).catch(() => {});
  await t.rejects(heavy.add(reports('last', 1, 'x'.repeat(720_000))), { code: 'unavailable' });
});

t.test('the rest of a request of which a part was refused waits no longer', async (t) => {
  const queue = new RelayQueue();
  const refused = queue.add(reports('child', 900));
  const other = queue.add(reports('other', 1));
  queue.take().refused();
  await t.rejects(refused, { code: 'unavailable' });
  const batch = queue.take();
  t.strictSame(batch.reports, reports('other', 1));
  batch.answered(answer(batch.reports));
  t.strictSame(await other, answer(reports('other', 1)));
});

t.test('a repetition of a report brings no more than one grant, the first', async (t) => {
  const queue = new RelayQueue();
  const [one] = reports('child', 1) as [SignedReport];
  const answered = queue.add([one, one]);
  queue.take().answered({ grants: [grantOf(one, 6000), grantOf(one, 0)] });
  t.strictSame(await answered, { grants: [grantOf(one, 6000), grantOf(one, 6000)] });
});

t.test('closed, it refuses what waits and what comes', async (t) => {
  const queue = new RelayQueue();
  const waiting = queue.add(reports('child', 2));
  queue.close();
  await t.rejects(waiting, { code: 'unavailable' });
  await t.rejects(queue.add(reports('child', 1)), { code: 'unavailable' });
});
