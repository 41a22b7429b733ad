import t from 'tap';
import { ReportCalls } from '../../../../shared/feed/report-calls.ts';
import { MOST_CALLED } from '../../../../shared/wire/frame.ts';

t.test('each follower gets the calls since it last asked', async (t) => {
  const calls = new ReportCalls();
  t.equal(calls.since(calls.newest), undefined, 'nobody was called');
  calls.call(['a', 'b']);
  const first = calls.newest;
  calls.call(['b', 'c']);
  t.strictSame(calls.since(0), ['a', 'b', 'c']);
  t.strictSame(calls.since(first), ['b', 'c']);
  t.equal(calls.since(calls.newest), undefined);
  calls.call(null);
  t.equal(calls.since(first), null, 'all');
});

t.test('calls that are no longer kept, and calls to too many edges, call all', async (t) => {
  const behind = new ReportCalls();
  for (let i = 0; i < 40; i++) behind.call(['a']);
  t.equal(behind.since(0), null);
  t.equal(behind.since(7), null);
  t.strictSame(behind.since(8), ['a']);
  const many = new ReportCalls();
  many.call(Array.from({ length: MOST_CALLED }, (_, i) => `e${i}`));
  t.equal(many.since(0)?.length, MOST_CALLED);
  many.call(['another']);
  t.equal(many.since(0), null);
});
