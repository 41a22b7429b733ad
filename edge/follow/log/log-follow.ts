import type { Logger } from 'pino';
import type { Clock } from '../../../shared/clock.ts';
import { forever, type Wait } from '../../../shared/concurrency/retry.ts';
import { hasCode, SkerryError } from '../../../shared/errors.ts';
import type { Frame, UnknownFrame } from '../../../shared/wire/frame.ts';
import type { Wants } from '../../../shared/wire/wants.ts';
import type { EdgeCatalog } from '../../store/catalog.ts';
import type { Faults } from '../faults.ts';
import { isRevocationOf } from '../upstream/revoked.ts';
import type { Self } from '../upstream/transfer.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import { afterLeaving, beginFollow, type FollowCommand, type FollowEvent, step } from './log-follow-state.ts';
import type { LogPosition } from './log-position.ts';
import type { LogTime } from './log-time.ts';

const BACKOFF = { first: 200, most: 4000 };
/**
 * When many edges ask at once, the upstream tells each of them how long to wait for its turn. The edge limits the wait
 * to these bounds, because an upstream may name any number.
 */
const TURN_MS = { least: 1000, most: 30_000 };
/**
 * When its turn comes, an edge waits up to this much longer, because other edges have their turns in the same second.
 */
const TURN_JITTER_MS = 1000;
/** If an upstream has made the edge wait for this long, the edge leaves it as if it had failed. */
const MOST_TURNS_MS = 90_000;
/** If an upstream is behind this edge for longer, or makes this edge wait for longer, that is a fault. */
const FAULT_AFTER_MS = 30_000;

const REFUSALS = ['unauthenticated', 'edge-replaced', 'edge-revoked'] as const;

export interface LogFollowParts {
  readonly catalog: Pick<EdgeCatalog, 'storeRecords' | 'noteHead'>;
  readonly upstreams: Upstreams;
  readonly self: Self;
  readonly wants: Wants;
  readonly clock: Clock;
  readonly time: Pick<LogTime, 'heard'>;
  readonly log: Logger;
  readonly faults: Faults;
  /** The position in the log. It is updated after records have been stored, and after each head. */
  readonly position: Pick<LogPosition, 'chain' | 'moved' | 'pathChanged' | 'called' | 'offered'>;
  /** Called when the upstream does not accept this edge as a member. */
  readonly refused: () => void;
  /** Called when the origin has signed that it has revoked this edge. */
  readonly revoked: () => void;
}

/**
 * Keeps the edge's copy of the log up to date until the signal aborts. It dials an upstream and verifies each record
 * before storing it. When the connection ends, falls silent, or carries something that the origin did not sign, it
 * dials again, or dials the next upstream if there are several. log-follow-state decides what to do at one upstream.
 */
export function followLog(parts: LogFollowParts, signal: AbortSignal): Promise<void> {
  const { upstreams, self, wants, clock, log, faults, position, refused, revoked } = parts;
  const ended = new AbortController();
  let upstream = upstreams.current;
  let isTooNew = false;
  /** The monotonic time since which no upstream has had all the records that this edge has. */
  let aheadSince: number | undefined;
  /** The monotonic time since which this edge has been waiting for its turn to catch up. */
  let waitsSince: number | undefined;

  async function followOne(onProgress: () => void): Promise<void> {
    const progressed = () => {
      aheadSince = undefined;
      waitsSince = undefined;
      onProgress();
    };
    upstream = upstreams.current;
    isTooNew = false;
    const { url } = upstream;
    const leaving = AbortSignal.any([signal, upstreams.moved]);
    const dialled = { url, isOnly: upstreams.all.length === 1, edge: self.name };
    let state = beginFollow(position.chain, dialled, clock.monotonic());
    const take = async (event: FollowEvent) => {
      const { state: next, commands } = step(state, event);
      state = next;
      for (const command of commands) await carryOut(command, upstream, progressed);
    };
    // The `leave` command ends the loop by throwing.
    while (true) {
      const frames =
        state.phase === 'pages'
          ? upstream.records(self, state.next, leaving)
          : upstream.stream(self, state.next, wants, leaving);
      for await (const event of eventsOf(frames, clock)) {
        await take(event);
        if (event.kind === 'frame') await take({ kind: 'handled', now: clock.monotonic() });
      }
    }
  }

  async function carryOut(command: FollowCommand, from: Upstream, progressed: () => void): Promise<void> {
    switch (command.kind) {
      case 'hear-time':
        return parts.time.heard(command.time);
      case 'store':
        await parts.catalog.storeRecords(command.records, command.chain);
        return position.moved(command.chain, command.head);
      case 'keep-head':
        return parts.catalog.noteHead(command.head);
      case 'tell':
        return position.moved(command.chain, command.head);
      case 'tell-path':
        return position.pathChanged(command.names);
      case 'report-now':
        return position.called(command.edges);
      case 'objects-ahead':
        return position.offered(command.sites);
      case 'note-fault':
        return faults.note(command.error, from.url);
      case 'avoid':
        return upstreams.avoid(from);
      case 'progressed':
        return progressed();
      case 'leave':
        isTooNew = command.isTooNew;
        throw command.error;
    }
  }

  /** An upstream that is behind this edge usually catches up soon. One that stays behind is cut off from the origin. */
  function noteBehind(): void {
    aheadSince ??= clock.monotonic();
    if (clock.monotonic() - aheadSince < FAULT_AFTER_MS) return;
    noteStale('does not get the records that this edge already has');
  }

  function noteStale(what: string): void {
    faults.note(new SkerryError('stale-head', `${upstream.url} ${what}`), upstream.url);
  }

  /**
   * The wait for a turn to catch up, if `error` asks for one. The wait ends when the edge moves to another upstream.
   * Undefined for other errors, and if the edge has already waited too long.
   */
  function untilTurn(error: unknown): Wait | undefined {
    const { retryAfter } = hasCode(error, 'too-many-requests') ? (error as SkerryError).details : {};
    if (typeof retryAfter !== 'number') return undefined;
    waitsSince ??= clock.monotonic();
    const waited = clock.monotonic() - waitsSince;
    if (waited >= FAULT_AFTER_MS) noteStale('puts off this edge, which lacks records');
    if (waited >= MOST_TURNS_MS) return undefined;
    log.info(
      { upstream: upstream.url, retryAfter },
      'many edges catch up at once; this one waits for its turn',
    );
    const turn = Math.max(TURN_MS.least, Math.min(retryAfter * 1000, TURN_MS.most));
    return { ms: turn + Math.random() * TURN_JITTER_MS, until: upstreams.moved };
  }

  return forever(followOne, {
    backoff: BACKOFF,
    clock,
    signal: AbortSignal.any([signal, ended.signal]),
    onError: (error) => {
      if (upstream !== upstreams.current) return undefined;
      const wait = untilTurn(error);
      if (wait !== undefined) return wait;
      faults.note(error, upstream.url);
      if (hasCode(error, 'not-yet-held')) noteBehind();
      if (REFUSALS.some((code) => hasCode(error, code))) refused();
      if (isRevocationOf(self, position.chain.key, error)) revoked();
      if (isTooNew) {
        // Trying again cannot help. This version serves what it has until a newer version replaces it.
        log.fatal({ err: error }, 'the edge stopped following the log');
        ended.abort();
        return undefined;
      }
      log.warn({ err: error, upstream: upstream.url }, 'the connection to the feed broke');
      if (afterLeaving(error) === 'avoid') upstreams.avoid(upstream);
      else upstreams.advance(upstream);
      return undefined;
    },
  });
}

async function* eventsOf(
  frames: AsyncIterable<Frame | UnknownFrame>,
  clock: Clock,
): AsyncGenerator<FollowEvent> {
  try {
    for await (const frame of frames) yield { kind: 'frame', frame };
  } catch (error) {
    yield { kind: 'broke', error, now: clock.monotonic() };
    return;
  }
  yield { kind: 'ended' };
}
