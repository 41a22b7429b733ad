import t from 'tap';
import { Wakeup } from '../../../../shared/concurrency/wakeup.ts';
import type { FeedSource } from '../../../../shared/feed/feed-source.ts';
import { followLog } from '../../../../shared/feed/follow-log.ts';
import type { Head } from '../../../../shared/log/head.ts';
import type { LogRecord } from '../../../../shared/log/record.ts';

/** A log of records that are numbers alone. */
function sourceOf(seqs: number[]) {
  const changed = new Wakeup();
  const source = {
    changed,
    path: () => [],
    records: async (from: number) =>
      seqs.filter((seq) => seq >= from).map((seq) => ({ seq, payload: '' }) as LogRecord),
    head: async () => ({ seq: seqs.at(-1) ?? 0 }) as Head,
  };
  return { changed, source: source as unknown as FeedSource };
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
