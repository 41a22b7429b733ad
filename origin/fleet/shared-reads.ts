import type { Clock } from '../../shared/clock.ts';
import type { WakeupSource } from '../../shared/concurrency/wakeup.ts';
import type { FeedSource } from '../../shared/feed/feed-source.ts';
import type { Head } from '../../shared/log/head.ts';
import type { LogRecord } from '../../shared/log/record.ts';
import { isFullPage } from '../../shared/log/record-page.ts';
import type { Remote } from '../../shared/process/thread.ts';
import { caller } from '../callers/caller.ts';
import type { LogReads } from '../catalog/log-calls.ts';

/** A head may be so old when it is sent; it is signed anew at each record. */
const HEAD_MS = 500;
/** Who lacks no more records than this follows the log as it grows. */
const NEAR = 16;

/** What is read for many waits behind no single one's calls. */
const inTurnOfFeed = <T>(read: () => Promise<T>) => caller.run({ name: 'feed' }, read);

/**
 * What all followers ask for at the same moment, after each append, is read and signed once. `appended` is woken
 * after each append, and what was read before then is forgotten.
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
 * Long and full pages are of followers that come from far back, each from another place. What is kept, at most as
 * many pages as `NEAR`, ends with the log.
 */
const isFarBack = (page: readonly LogRecord[], limit: number) =>
  page.length > NEAR || isFullPage(page, limit);
