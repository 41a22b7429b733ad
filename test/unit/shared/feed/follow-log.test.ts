import t from 'tap';
import { Wakeup } from '../../../../shared/concurrency/wakeup.ts';
import type { FeedSource } from '../../../../shared/feed/feed-source.ts';
import { followLog } from '../../../../shared/feed/follow-log.ts';
import { ReportCalls } from '../../../../shared/feed/report-calls.ts';
import type { Head } from '../../../../shared/log/head.ts';
import type { LogRecord } from '../../../../shared/log/record.ts';

/** A log of records that are numbers alone. */
function sourceOf(seqs: number[]) {
  const changed = new Wakeup();
  const calls = new ReportCalls();
  const source = {
    ...{ changed, calls },
    path: () => [],
    records: async (from: number) =>
      seqs.filter((seq) => seq >= from).map((seq) => ({ seq, payload: '' }) as LogRecord),
    head: async () => ({ seq: seqs.at(-1) ?? 0 }) as Head,
  };
  return { changed, calls, source: source as unknown as FeedSource };
}

t.test('a log that is pruned while it is followed ends the stream before the gap', async (t) => {
  const seqs = [1, 2, 3];
  const { source, changed } = sourceOf(seqs);
  const seen: string[] = [];
  for await (const frame of followLog(source, 2, new AbortController().signal)) {
    seen.push(frame.t === 'record' ? `record ${frame.record.seq}` : frame.t);
    if (frame.t !== 'head') continue;
    // Everything up to a checkpoint goes.
    seqs.splice(0, seqs.length, 7, 8);
    changed.wake();
  }
  t.strictSame(seen, ['path', 'record 2', 'record 3', 'head']);
});

t.test('a follower gets the calls that come while it follows, together', async (t) => {
  const { source, changed, calls } = sourceOf([1]);
  const ending = new AbortController();
  calls.call(['before']);
  const seen: string[] = [];
  for await (const frame of followLog(source, 2, ending.signal)) {
    seen.push(frame.t === 'report-now' ? `report-now ${frame.edges?.join() ?? 'all'}` : frame.t);
    if (frame.t !== 'head') continue;
    if (seen.length > 6) ending.abort();
    // A slow follower takes this frame only after both calls.
    if (seen.length === 2) for (const edge of ['oslo', 'bergen']) calls.call([edge]);
    else calls.call(null);
    changed.wake();
  }
  t.strictSame(seen, [
    'path',
    'head',
    'report-now oslo,bergen',
    'head',
    'report-now all',
    'head',
    'report-now all',
    'head',
  ]);
});
