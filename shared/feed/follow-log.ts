import type { Head } from '../log/head.ts';
import { isFullPage } from '../log/record-page.ts';
import type { Frame } from '../wire/frame.ts';
import type { FeedSource } from './feed-source.ts';

const RECORDS_PER_READ = 500;
/** The maximum time without a frame on a stream. The follower gives up after three times as long. */
export const HEAD_EVERY_MS = 5000;
/**
 * The follower gets a head without new records only if its last head is older than this. Each request for reports wakes
 * all followers, and otherwise each of them would have to verify the signature of another head.
 */
const FRESH_MS = 1000;

/**
 * The frames for one follower: the path to the origin, the records from `from` on, and a head whenever the end of the
 * log is reached, with what is offered ahead of the log. The log is read only as fast as the follower takes the frames, so a slow follower costs no memory and
 * does not delay others.
 */
export async function* followLog(
  source: FeedSource,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<Frame> {
  let next = from;
  let path: string | undefined;
  let last: Head | undefined;
  let sentAt = Number.NEGATIVE_INFINITY;
  // The follower has just connected, and reports without being asked.
  let called = source.calls.newest;
  let offered = 0;
  while (!signal.aborted) {
    // The wait begins before the read, so a record that is appended after the read ends the wait below.
    const woken = source.changed.wait(HEAD_EVERY_MS, signal);
    const names = source.path();
    if (names.join() !== path) yield { v: 1, t: 'path', names: [...names] };
    path = names.join();
    const edges = source.calls.since(called);
    called = source.calls.newest;
    if (edges !== undefined) yield { v: 1, t: 'report-now', edges: edges && [...edges] };
    // The head is requested after the records, so that it usually covers all of them. It is requested before they have
    // been read, because the follower stores them only when it has the head.
    const reading = source.records(next, RECORDS_PER_READ);
    const signing = source.head();
    signing.catch(() => {});
    const records = await reading;
    // The log was pruned since the last read. When the follower asks again, it is told where the log begins.
    if ((records[0]?.seq ?? next) !== next) return;
    for (const record of records) yield { v: 1, t: 'record', record };
    next = (records.at(-1)?.seq ?? next - 1) + 1;
    if (isFullPage(records, RECORDS_PER_READ)) continue;
    const head = await signing;
    // The source may have cached a head that is older than the records. A newer head then follows with the next
    // wake-up.
    const now = source.clock.monotonic();
    // A parent that is cut off from the origin has no newer head, so it repeats the last one. This shows its followers
    // that the connection is still alive.
    const isDue = last === undefined || now - sentAt >= HEAD_EVERY_MS - FRESH_MS;
    if ((records.length > 0 || isDue || isNewer(head, last)) && head.seq >= next - 1) {
      last = head;
      sentAt = now;
      yield { v: 1, t: 'head', head };
    }
    // This comes after the records, because one of them may have created the site.
    const ahead = source.ahead.since(offered);
    offered = source.ahead.newest;
    if (ahead.length > 0) yield { v: 1, t: 'objects-ahead', sites: [...ahead] };
    await woken;
  }
}

/** A head with an earlier time also counts as newer, because the clock of the origin may have been set back. */
const isNewer = (head: Head, last: Head | undefined) =>
  head.seq !== last?.seq || head.time >= last.time + FRESH_MS || head.time < last.time;
