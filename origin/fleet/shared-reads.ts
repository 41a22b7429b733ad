import type { Clock } from '../../shared/clock.ts';
import type { WakeupSource } from '../../shared/concurrency/wakeup.ts';
import type { FeedSource } from '../../shared/feed/feed-source.ts';
import type { Head } from '../../shared/log/head.ts';
import type { LogRecord } from '../../shared/log/record.ts';
import { isFullPage } from '../../shared/log/record-page.ts';
import type { Remote } from '../../shared/process/thread.ts';
import { caller } from '../callers/caller.ts';
import type { LogReads } from '../catalog/log-calls.ts';

/** The greatest age of a head when it is sent. Each record brings a new head. */
const HEAD_MS = 500;
/** A follower that lacks at most this many records follows the log as it grows. */
const NEAR = 16;

/** Reads for many followers have their own turn in the catalog, so that the calls of one follower do not delay them. */
const inTurnOfFeed = <T>(read: () => Promise<T>) => caller.run({ name: 'feed' }, read);

/**
 * After each append, all followers request the same records and head, so these are read and signed once for all
 * followers. `appended` wakes after each append, and then earlier reads are dropped.
 */
export function sharedReads(
  catalog: Pick<Remote<LogReads>, 'records' | 'head'>,
  clock: Clock,
  appended: WakeupSource,
): Pick<FeedSource, 'records' | 'head'> {
  let records = new Map<string, Promise<readonly LogRecord[]>>();
  let head: { readonly signed: Promise<Head>; readonly at: number } | undefined;
  appended.always(() => {
    records = new Map();
    head = undefined;
  });
  return {
    records(from, limit) {
      const key = `${from} ${limit}`;
      let read = records.get(key);
      if (read === undefined) {
        const kept = records;
        read = inTurnOfFeed(() => catalog.records(from, limit));
        kept.set(key, read);
        read.then(
          (page) => isFarBack(page, limit) && kept.delete(key),
          () => kept.delete(key),
        );
      }
      return read;
    },
    head() {
      if (head === undefined || clock.monotonic() - head.at > HEAD_MS) {
        const fresh = { signed: inTurnOfFeed(() => catalog.head(clock.now())), at: clock.monotonic() };
        head = fresh;
        fresh.signed.catch(() => {
          if (head === fresh) head = undefined;
        });
      }
      return head.signed;
    },
  };
}

/**
 * Long and full pages belong to followers that are far behind, each at a different place, so they are not kept. The
 * kept pages, at most `NEAR` of them, reach to the end of the log.
 */
const isFarBack = (page: readonly LogRecord[], limit: number) =>
  page.length > NEAR || isFullPage(page, limit);
