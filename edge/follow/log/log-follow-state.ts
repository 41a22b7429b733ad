import { hasCode, SkerryError } from '../../../shared/errors.ts';
import {
  type ChainState,
  follow,
  noteHead,
  refuseLoop,
  startAtCheckpoint,
} from '../../../shared/log/chain-state.ts';
import type { Head } from '../../../shared/log/head.ts';
import type { LogRecord } from '../../../shared/log/record.ts';
import { isPageFull, pageBytes } from '../../../shared/log/record-page.ts';
import type { Frame, UnknownFrame } from '../../../shared/wire/frame.ts';
import { isLie } from '../faults.ts';
import { afterFrame, type Freshness, firstFreshness, staleness } from './freshness-state.ts';

/**
 * How the edge follows the log at one upstream, from connecting to leaving. Records that the edge has missed arrive in
 * compressed pages. Later records arrive in the stream, as they are written.
 *
 * | event         | in `pages`                               | in `stream`                           |
 * | ---           | ---                                      | ---                                   |
 * | frame, record | verify, keep; store when many are kept   | the same                              |
 * | frame, head   | verify; time, store, keep the head, tell | the same                              |
 * | frame, lower head | store, leave                         | the same                              |
 * | frame, path   | tell; leave if this edge is in it        | the same                              |
 * | frame, report-now | tell                               | the same                              |
 * | frame, objects-ahead | tell                            | the same                              |
 * | frame, other  | ignore; leave if it is critical          | the same                              |
 * | handled       | leave if stale, or without news of the log | the same                            |
 * | ended         | the next page; `stream` after an empty one | leave                               |
 * | broke         | begin again at a newer checkpoint, else leave | the same; store first on silence |
 *
 * After a frame that does not verify, the edge leaves the upstream. The records before that frame are stored.
 */
export interface FollowState {
  readonly upstream: DialledUpstream;
  readonly phase: 'pages' | 'stream';
  /** The first record that the edge requested from this upstream, or the checkpoint from which it has started again. */
  readonly first: number;
  /** True if the edge has started again from a checkpoint at this upstream, which it does at most once. */
  readonly isSecond: boolean;
  /** The next record to ask for. */
  readonly next: number;
  /** The number of records of this page that have arrived so far. */
  readonly came: number;
  /** The state of the chain after the records that this edge has stored durably. */
  readonly stored: ChainState;
  /** The state of the chain after all verified records. */
  readonly chain: ChainState;
  /** Verified records that are not stored yet. */
  readonly kept: readonly LogRecord[];
  readonly keptBytes: number;
  /** The newest head from this upstream. */
  readonly head: Head | undefined;
  /** The number of frames since the last one with news about the log. */
  readonly others: number;
  readonly freshness: Freshness;
}

interface DialledUpstream {
  readonly url: string;
  /** True if there is no other upstream. The edge then follows this one even if it withholds records. */
  readonly isOnly: boolean;
  /** The name of this edge, which must not follow itself. */
  readonly edge: string;
}

export type FollowEvent =
  | { readonly kind: 'frame'; readonly frame: Frame | UnknownFrame }
  /** The commands of the previous frame have been carried out. `now` is monotonic. */
  | { readonly kind: 'handled'; readonly now: number }
  | { readonly kind: 'ended' }
  | { readonly kind: 'broke'; readonly error: unknown; readonly now: number };

/** The commands to carry out, in this order. When one fails, the later commands of its step are not carried out. */
export type FollowCommand =
  | { readonly kind: 'hear-time'; readonly time: number }
  /** Stores durably, then announces the new position. */
  | {
      readonly kind: 'store';
      readonly records: readonly LogRecord[];
      readonly chain: ChainState;
      readonly head: Head | undefined;
    }
  | { readonly kind: 'keep-head'; readonly head: Head }
  | { readonly kind: 'tell'; readonly chain: ChainState; readonly head: Head }
  | { readonly kind: 'tell-path'; readonly names: readonly string[] }
  | { readonly kind: 'report-now'; readonly edges: readonly string[] | null }
  | { readonly kind: 'objects-ahead'; readonly sites: readonly number[] }
  | { readonly kind: 'note-fault'; readonly error: SkerryError }
  | { readonly kind: 'avoid' }
  /** The edge made progress, so the next failure counts as the first. */
  | { readonly kind: 'progressed' }
  /**
   * `isTooNew` means that the origin signed something that this version does not understand, so no other upstream can
   * help.
   */
  | { readonly kind: 'leave'; readonly error: unknown; readonly isTooNew: boolean };

interface FollowStep {
  readonly state: FollowState;
  readonly commands: readonly FollowCommand[];
}

const RECORDS_PER_SYNC = 500;
/**
 * How many frames without news about the log may arrive in a row. Up to this number, frames of later versions are
 * ignored.
 */
const MOST_OTHERS = 256;

export function beginFollow(stored: ChainState, upstream: DialledUpstream, now: number): FollowState {
  const first = stored.seq + 1;
  return {
    ...{ upstream, phase: 'pages', first, isSecond: false, next: first, came: 0 },
    ...{ stored, chain: stored, kept: [], keptBytes: 0, head: undefined, others: 0 },
    freshness: firstFreshness(now, stored.seq),
  };
}

export function step(state: FollowState, event: FollowEvent): FollowStep {
  switch (event.kind) {
    case 'frame':
      return afterFrameOf(state, event.frame);
    case 'handled':
      return judged(state, event.now);
    case 'ended':
      return afterEnd(state);
    case 'broke':
      return afterBreak(state, event.error, event.now);
  }
}

function afterFrameOf(state: FollowState, frame: Frame | UnknownFrame): FollowStep {
  switch (frame.t) {
    case 'record':
      return afterRecord({ ...state, others: 0, came: state.came + 1 }, frame.record);
    case 'head':
      return afterHead({ ...state, others: 0 }, frame.head);
    case 'path':
      return afterPath({ ...state, others: state.others + 1 }, frame.names);
    case 'report-now':
      return {
        state: { ...state, others: state.others + 1 },
        commands: [{ kind: 'report-now', edges: frame.edges }],
      };
    case 'objects-ahead':
      return {
        state: { ...state, others: state.others + 1 },
        commands: [{ kind: 'objects-ahead', sites: frame.sites }],
      };
    case 'unknown':
      return frame.critical
        ? leave(state, new SkerryError('upstream-protocol', `the feed sent a critical frame ${frame.type}`))
        : { state: { ...state, others: state.others + 1 }, commands: [] };
  }
}

function afterRecord(state: FollowState, record: LogRecord): FollowStep {
  const { first, stored, chain } = state;
  const isCheckpoint = record.seq === first && first > stored.seq + 1;
  let next: ChainState;
  try {
    next = isCheckpoint ? startAtCheckpoint(chain, record) : follow(chain, record);
  } catch (error) {
    // The records before this one are verified, so they are stored and need not be requested again. If the origin
    // signed a critical record that this version does not know, the edge stops following for good.
    return storeAndLeave(state, error, hasCode(error, 'unknown-critical-record'));
  }
  const kept = [...state.kept, record];
  const keptBytes = state.keptBytes + pageBytes(record);
  const after = { ...state, chain: next, kept, keptBytes };
  const isFull = isPageFull({ records: kept.length, bytes: keptBytes }, RECORDS_PER_SYNC);
  return isFull ? store(after) : { state: after, commands: [] };
}

function afterHead(state: FollowState, head: Head): FollowStep {
  let chain: ChainState;
  try {
    chain = noteHead(state.chain, head);
  } catch (error) {
    // The records of an upstream that is behind another one are good. Its parent may be cut off for long.
    return hasCode(error, 'not-yet-held') ? storeAndLeave(state, error) : leave(state, error);
  }
  const isNewer = state.head === undefined || head.seq > state.head.seq;
  // The head is set before the records are announced, so that no child gets a record without a head that covers it.
  const { state: after, commands } = store({ ...state, chain, head });
  return {
    state: { ...after, stored: chain },
    commands: [
      // The time is set first, because the effect of the records that the head covers may depend on it.
      { kind: 'hear-time', time: head.time },
      ...commands,
      ...(isNewer ? [{ kind: 'keep-head', head } as const] : []),
      { kind: 'tell', chain, head },
    ],
  };
}

function afterPath(state: FollowState, names: readonly string[]): FollowStep {
  try {
    refuseLoop(names, state.upstream.edge, state.upstream.url);
  } catch (error) {
    return leave(state, error);
  }
  return { state, commands: [{ kind: 'tell-path', names }] };
}

/**
 * Decides whether the edge stays with the upstream: whether it keeps up, and whether it sends any news about the log.
 */
function judged(state: FollowState, now: number): FollowStep {
  const { upstream, chain, head, others } = state;
  const status = { now, position: chain.seq, head };
  const freshness = afterFrame(state.freshness, status);
  const why = staleness(freshness, status);
  const faults: FollowCommand[] = [];
  if (why !== undefined) {
    const error = new SkerryError('stale-head', staleMessage(why, upstream.url));
    faults.push({ kind: 'note-fault', error });
    if (!upstream.isOnly) {
      // The heads of this upstream are recent, so the edge would immediately return to it if it did not avoid it.
      if (why === 'records-held-back') faults.push({ kind: 'avoid' });
      const left = storeAndLeave(state, error);
      return { ...left, commands: [...faults, ...left.commands] };
    }
  }
  const after = {
    ...state,
    // There is no other upstream, so the edge resets its judgement of this one: the origin's clock may have been set
    // back.
    freshness: why === undefined ? freshness : firstFreshness(now, chain.seq),
  };
  if (others === 0) return { state: after, commands: [...faults, { kind: 'progressed' }] };
  if (others <= MOST_OTHERS) return { state: after, commands: faults };
  const left = leave(
    after,
    new SkerryError('upstream-protocol', `${upstream.url} sends many frames but no log records`),
  );
  return { ...left, commands: [...faults, ...left.commands] };
}

function staleMessage(why: 'old-head' | 'records-held-back', url: string): string {
  return why === 'old-head'
    ? `${url} passes on no newer head of the origin`
    : `${url} holds back records that its heads name`;
}

function afterEnd(state: FollowState): FollowStep {
  const { phase, came, next, upstream } = state;
  if (phase === 'stream')
    return leave(state, new SkerryError('origin-unreachable', `the stream from ${upstream.url} ended`));
  if (came === 0) return { state: { ...state, phase: 'stream' }, commands: [] };
  return { state: { ...state, next: next + came, came: 0 }, commands: [] };
}

function afterBreak(state: FollowState, error: unknown, now: number): FollowStep {
  const { phase, isSecond, stored, upstream } = state;
  const checkpoint = hasCode(error, 'log-pruned') && (error as SkerryError).details.checkpoint;
  if (typeof checkpoint === 'number' && checkpoint > stored.seq && !isSecond) {
    const again = beginFollow(stored, upstream, now);
    return { state: { ...again, first: checkpoint, next: checkpoint, isSecond: true }, commands: [] };
  }
  // A proxy that buffers the stream still lets pages through, so the edge stores their records before it leaves.
  if (phase === 'stream' && hasCode(error, 'silent-feed')) return storeAndLeave(state, error);
  return leave(state, error);
}

/** Stores the kept records. Does nothing if there are none. */
function store(state: FollowState): FollowStep {
  const { kept: records, chain, head } = state;
  if (records.length === 0) return { state, commands: [] };
  return {
    state: { ...state, stored: chain, kept: [], keptBytes: 0 },
    commands: [{ kind: 'store', records, chain, head }],
  };
}

function leave(state: FollowState, error: unknown, isTooNew = false): FollowStep {
  return { state, commands: [{ kind: 'leave', error, isTooNew }] };
}

function storeAndLeave(state: FollowState, error: unknown, isTooNew = false): FollowStep {
  const { state: after, commands } = store(state);
  return { state: after, commands: [...commands, ...leave(after, error, isTooNew).commands] };
}

/** Decides what happens to an upstream that was left because of an error. */
export function afterLeaving(error: unknown): 'avoid' | 'advance' {
  return isLie(error) ? 'avoid' : 'advance';
}
