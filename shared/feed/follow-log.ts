import { isFullPage } from '../log/record-page.ts';
import type { Frame } from '../wire/frame.ts';
import type { FeedSource } from './feed-source.ts';

const RECORDS_PER_READ = 500;
/** The longest silence on a stream; its reader gives up after three times that. */
export const HEAD_EVERY_MS = 5000;

/**
 * The frames that one follower gets: the path to the origin, records from `from` on, and a head whenever it has
 * come to the end. It reads the log as fast as its reader takes it, so a slow follower costs no memory and
 * delays nobody.
 */
export async function* followLog(
  source: FeedSource,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<Frame> {
  let next = from;
  let path: string | undefined;
  while (!signal.aborted) {
    // Taken before the read: what is appended after the read wakes the wait below.
    const woken = source.changed.wait(HEAD_EVERY_MS, signal);
    const names = source.path();
    if (names.join() !== path) yield { v: 1, t: 'path', names: [...names] };
    path = names.join();
    // Asked for after the records, so never behind them, and at once: the follower stores when the head has come.
    const reading = source.records(next, RECORDS_PER_READ);
    const signing = source.head();
    signing.catch(() => {});
    const records = await reading;
    // The log was pruned meanwhile: who asks anew is told where it begins.
    if ((records[0]?.seq ?? next) !== next) return;
    for (const record of records) yield { v: 1, t: 'record', record };
    next = (records.at(-1)?.seq ?? next - 1) + 1;
    if (isFullPage(records, RECORDS_PER_READ)) continue;
    const head = await signing;
    // One that is older than the records, for they were read a moment before it was known, follows with the next wake.
    if (head.seq >= next - 1) yield { v: 1, t: 'head', head };
    await woken;
  }
}
