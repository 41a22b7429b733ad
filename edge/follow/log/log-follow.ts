import type { Logger } from 'pino';
import type { Clock } from '../../../shared/clock.ts';
import { forever } from '../../../shared/concurrency/retry.ts';
import { hasCode, SkerryError } from '../../../shared/errors.ts';
import type { Wants } from '../../../shared/feed/feed-source.ts';
import {
  type ChainState,
  follow,
  noteHead,
  refuseLoop,
  startAtCheckpoint,
} from '../../../shared/log/chain-state.ts';
import type { Head } from '../../../shared/log/head.ts';
import type { LogRecord } from '../../../shared/log/record.ts';
import { RecordPage } from '../../../shared/log/record-page.ts';
import type { EdgeCatalog } from '../../store/catalog.ts';
import { type Faults, isLie } from '../faults.ts';
import type { Caller } from '../upstream/transfer.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import { afterFrame, firstFreshness, staleness } from './freshness-state.ts';
import type { LogTime } from './log-time.ts';

const RECORDS_PER_SYNC = 500;
const BACKOFF = { first: 200, most: 4000 };
/** Frames that say nothing of the log, between two that do. What later versions may send is passed over up to here. */
const MOST_OTHERS = 256;

export interface LogFollowParts {
  readonly catalog: EdgeCatalog;
  readonly upstreams: Upstreams;
  readonly caller: Caller;
  readonly wants: Wants;
  readonly clock: Clock;
  readonly time: Pick<LogTime, 'heard'>;
  readonly log: Logger;
  readonly faults: Faults;
  /** Called after records have been taken in, and after each head. */
  readonly moved: (chain: ChainState, head: Head | undefined) => void;
  /** The upstream takes this edge for no member. */
  readonly refused: () => void;
  /** The edges from the upstream to the origin, whenever they change. */
  readonly pathChanged: (names: readonly string[]) => void;
}

/**
 * Keeps the edge's copy of the log at the head, for ever: dials, verifies each record before it is stored, and
 * dials again, the next upstream if there are several, when the connection ends, falls silent, or says what the
 * origin did not sign.
 */
export function followLog(parts: LogFollowParts, start: ChainState, signal: AbortSignal): Promise<void> {
  const { catalog, upstreams, caller, wants, clock, time, log, faults, moved, refused, pathChanged } = parts;
  let stored = start;
  let upstream = upstreams.current;
  let isTooOld = false;

  const readStream = async (progressed: () => void) => {
    upstream = upstreams.current;
    const leaving = AbortSignal.any([signal, upstreams.moved]);
    try {
      await readFrom(upstream, stored.seq + 1, leaving, progressed);
    } catch (error) {
      const checkpoint = hasCode(error, 'log-pruned') && (error as SkerryError).details.checkpoint;
      if (typeof checkpoint !== 'number' || checkpoint <= stored.seq) throw error;
      await readFrom(upstream, checkpoint, leaving, progressed);
    }
    throw new SkerryError('origin-unreachable', `the stream from ${upstream.url} ended`);
  };

  async function readFrom(from: Upstream, first: number, leaving: AbortSignal, progressed: () => void) {
    let chain = stored;
    let head: Head | undefined;
    let batch = new RecordPage(RECORDS_PER_SYNC);
    let others = 0;
    let fresh = firstFreshness(clock.monotonic(), stored.seq);
    const store = async () => {
      const { records } = batch;
      if (records.length === 0) return;
      await catalog.storeRecords(records, chain);
      stored = chain;
      batch = new RecordPage(RECORDS_PER_SYNC);
      moved(stored, head);
    };
    const take = (record: LogRecord) =>
      record.seq === first && first > stored.seq + 1
        ? startAtCheckpoint(chain, record)
        : follow(chain, record);
    for await (const frame of framesFrom(from, first, leaving, store)) {
      switch (frame.t) {
        case 'record':
          try {
            chain = take(frame.record);
          } catch (error) {
            // Signed by the origin: nothing else may end following.
            isTooOld = hasCode(error, 'unknown-critical-record');
            // What came before it is verified, and need not be asked for again.
            await store();
            throw error;
          }
          batch.add(frame.record);
          if (batch.isFull) await store();
          break;
        case 'head': {
          chain = noteHead(chain, frame.head);
          // Before the records that it covers have an effect, which may depend on the time.
          time.heard(frame.head.time);
          const isNewer = head === undefined || frame.head.seq > head.seq;
          // Before the records are told of: children get no record without a head that covers it.
          head = frame.head;
          await store();
          if (isNewer) await catalog.noteHead(frame.head);
          stored = chain;
          moved(stored, head);
          break;
        }
        case 'path':
          refuseLoop(frame.names, caller.name, from.url);
          pathChanged(frame.names);
          break;
        case 'unknown':
          if (frame.critical) {
            throw new SkerryError('upstream-protocol', `the feed sent a critical frame ${frame.type}`);
          }
      }
      const standing = { now: clock.monotonic(), position: chain.seq, head };
      fresh = afterFrame(fresh, standing);
      const why = staleness(fresh, standing);
      if (why !== undefined) {
        await leave(from, why, store);
        // It is followed on, and judged anew: the origin's clock may have been put back.
        fresh = firstFreshness(standing.now, chain.seq);
      }
      if (frame.t === 'record' || frame.t === 'head') {
        others = 0;
        progressed();
      } else if (++others > MOST_OTHERS)
        throw new SkerryError('upstream-protocol', `${from.url} says much, and nothing of the log`);
    }
  }

  /** The only upstream is followed on, whatever it holds back. */
  async function leave(from: Upstream, why: 'old-head' | 'records-held-back', store: () => Promise<void>) {
    const stale =
      why === 'old-head'
        ? new SkerryError('stale-head', `${from.url} passes on no newer head of the origin`)
        : new SkerryError('stale-head', `${from.url} holds back records that its heads name`);
    faults.note(stale, from.url);
    if (upstreams.all.length === 1) return;
    // Its heads are young, so that it would be gone back to at once.
    if (why === 'records-held-back') upstreams.avoid(from);
    await store();
    throw stale;
  }

  /** What was missed comes in pages, coded; then what happens, as it happens. */
  async function* framesFrom(
    from: Upstream,
    first: number,
    leaving: AbortSignal,
    store: () => Promise<void>,
  ) {
    let next = first;
    for (let came = 1; came > 0; ) {
      came = 0;
      for await (const frame of from.records(caller, next, leaving)) {
        if (frame.t === 'record') came++;
        yield frame;
      }
      next += came;
    }
    try {
      yield* from.stream(caller, next, wants, leaving);
    } catch (error) {
      // Pages come through a proxy that keeps the stream back: their records are not waited for in vain.
      if (hasCode(error, 'silent-feed')) await store();
      throw error;
    }
  }

  const newer = new AbortController();
  return forever(readStream, {
    backoff: BACKOFF,
    clock,
    signal: AbortSignal.any([signal, newer.signal]),
    onError: (error) => {
      if (upstream !== upstreams.current) return;
      faults.note(error, upstream.url);
      if (hasCode(error, 'unauthenticated')) refused();
      if (isTooOld) {
        // Trying again cannot help: this version serves what it has until it is replaced by a newer one.
        log.fatal({ err: error }, 'the edge follows the log no further');
        newer.abort();
        return;
      }
      log.warn({ err: error, upstream: upstream.url }, 'the feed broke off');
      if (isLie(error)) upstreams.avoid(upstream);
      else upstreams.advance(upstream);
    },
  });
}
