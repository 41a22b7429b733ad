import t from 'tap';
import { systemClock } from '../../../../shared/clock.ts';
import { Wakeup } from '../../../../shared/concurrency/wakeup.ts';
import type { FeedSource } from '../../../../shared/feed/feed-source.ts';
import { followLog } from '../../../../shared/feed/follow-log.ts';
import { ObjectsAhead } from '../../../../shared/feed/objects-ahead.ts';
import { ReportCalls } from '../../../../shared/feed/report-calls.ts';
import type { Head } from '../../../../shared/log/head.ts';
import type { LogRecord } from '../../../../shared/log/record.ts';
import type { Frame } from '../../../../shared/wire/frame.ts';

/** A log of records that are numbers alone. */
function sourceOf(seqs: number[], head?: { seq: number; time: number }) {
  const changed = new Wakeup();
  const time = { monotonic: 0 };
  const calls = new ReportCalls();
  const ahead = new ObjectsAhead();
  const source = {
    ...{ changed, calls, ahead, clock: { ...systemClock, monotonic: () => time.monotonic } },
    path: () => [],
    records: async (from: number) =>
      seqs.filter((seq) => seq >= from).map((seq) => ({ seq, payload: '' }) as LogRecord),
    head: async () => (head === undefined ? { seq: seqs.at(-1) ?? 0 } : { ...head }) as Head,
  };
  return { changed, calls, ahead, time, source: source as unknown as FeedSource };
}

async function taken(frames: AsyncGenerator<Frame>, count: number): Promise<string[]> {
  const seen: string[] = [];
  while (seen.length < count) {
    const { value } = await frames.next();
    if (value === undefined) break;
    seen.push(named(value));
  }
  return seen;
}

function named(frame: Frame): string {
  if (frame.t === 'record') return `record ${frame.record.seq}`;
  if (frame.t === 'objects-ahead') return `objects-ahead ${frame.sites.join()}`;
  return frame.t === 'report-now' ? `report-now ${frame.edges?.join() ?? 'all'}` : frame.t;
}

t.test('a log that is pruned while it is followed ends the stream before the gap', async (t) => {
  const seqs = [1, 2, 3];
  const { source, changed } = sourceOf(seqs);
  const seen: string[] = [];
  for await (const frame of followLog(source, 2, new AbortController().signal)) {
    seen.push(named(frame));
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
  const frames = followLog(source, 2, ending.signal);
  t.strictSame(await taken(frames, 2), ['path', 'head']);
  // A slow follower takes the next frame only after both calls.
  for (const edge of ['oslo', 'bergen']) calls.call([edge]);
  changed.wake();
  t.strictSame(await taken(frames, 1), ['report-now oslo,bergen']);
  calls.call(null);
  changed.wake();
  t.strictSame(await taken(frames, 1), ['report-now all']);
  ending.abort();
  await frames.return(undefined);
});

t.test('a head that says nothing new is left out while the last one is fresh', async (t) => {
  const seqs = [1];
  const head = { seq: 1, time: 10_000 };
  const { changed, calls, time, source } = sourceOf(seqs, head);
  const ending = new AbortController();
  const frames = followLog(source, 1, ending.signal);
  t.strictSame(await taken(frames, 3), ['path', 'record 1', 'head']);
  const next = (what: () => void) => {
    what();
    calls.call(null);
    changed.wake();
  };
  // The generator stands after a call, and reads the head when it goes on.
  const steps: [what: string, change: () => void, frames: string[]][] = [
    ['nothing', () => {}, ['report-now all']],
    ['a little later', () => (head.time += 999), ['report-now all']],
    ['a second later', () => (head.time += 1), ['head', 'report-now all']],
    ['the clock was set back', () => (head.time -= 500), ['head', 'report-now all']],
    [
      'a head that was cut off from the origin, seconds later',
      () => (time.monotonic += 4000),
      ['head', 'report-now all'],
    ],
    ['a higher head', () => (head.seq = 2), ['head', 'report-now all']],
    // The records that the head names come later than the head.
    ['a record', () => seqs.push(2), ['record 2', 'head', 'report-now all']],
  ];
  for (const [what, change, expected] of steps) {
    next(change);
    t.strictSame(await taken(frames, expected.length), expected, what);
  }
  ending.abort();
  await frames.return(undefined);
});

t.test('a follower hears of objects ahead after the records, and again when there are more', async (t) => {
  const { source, changed, ahead } = sourceOf([1]);
  const page = { list: '0'.repeat(16), page: 0, objects: [], sig: '' };
  ahead.add({ site: 7, ...page });
  const ending = new AbortController();
  const frames = followLog(source, 1, ending.signal);
  t.strictSame(await taken(frames, 4), ['path', 'record 1', 'head', 'objects-ahead 7']);
  ahead.add({ site: 8, ...page });
  ahead.add({ site: 7, ...page, page: 1 });
  changed.wake();
  t.strictSame(await taken(frames, 1), ['objects-ahead 8,7']);
  ending.abort();
  await frames.return(undefined);
});
