import type { Frame } from '../frame.ts';
import type { FeedSource } from './feed-source.ts';

const RECORDS_PER_READ = 500;
/** The longest silence on a stream; its reader gives up after three times that. */
export const HEAD_EVERY_MS = 5000;

/**
 * The frames that one follower gets: records from `from` on, and a head whenever it has come to the end. It
 * reads the log as fast as its reader takes it, so a slow follower costs no memory and delays nobody.
 */
export async function* followLog(
  source: FeedSource,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<Frame> {
  let next = from;
  while (!signal.aborted) {
    // Taken before the read: what is appended after the read wakes the wait below.
    const woken = source.appended.wait(HEAD_EVERY_MS, signal);
    const records = await source.records(next, RECORDS_PER_READ);
    for (const record of records) yield { v: 1, t: 'record', record };
    next += records.length;
    if (records.length === RECORDS_PER_READ) continue;
    yield { v: 1, t: 'head', head: await source.head() };
    await woken;
  }
}
