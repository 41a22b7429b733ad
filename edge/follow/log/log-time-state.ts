/**
 * The origin's time as an edge knows it: what the origin signed, and what the machine's monotonic clock has counted
 * since. Each field says how many milliseconds the origin's clock is ahead of the monotonic clock.
 */
export interface LogTimeState {
  /** The lower bound that the origin has proved. Null before the first signed time from the origin. */
  readonly provenAheadMs: number | null;
  /** The upper bound, which the origin's last answer proved. Null before the first answer. */
  readonly mostAheadMs: number | null;
  /** The estimate from the wall clock, used until this process has heard from the origin. */
  readonly guessedAheadMs: number;
  readonly isHeard: boolean;
}

/**
 * The state at the start of a process. `wall` is the wall clock, corrected by its last known offset. `signed` is the
 * time of the newest head on disk, or null without one.
 */
export function firstLogTime(wall: number, signed: number | null, monotonic: number): LogTimeState {
  const proven = signed === null ? null : signed - monotonic;
  const guessed = wall - monotonic;
  return {
    provenAheadMs: proven,
    mostAheadMs: null,
    guessedAheadMs: Math.max(guessed, proven ?? guessed),
    isHeard: false,
  };
}

/**
 * A head is delayed on its way, so it proves only a lower bound. The head with the smallest delay gives the best bound.
 * A head that exceeds the upper bound from the last answer is ignored: it was probably signed before the origin's clock
 * was set back, and arrived late. If instead the clock was set forward, the next answer, a few seconds later, moves
 * both bounds. It does no harm if content appears too late, but it does harm if content appears or expires too early.
 */
export function afterHead(state: LogTimeState, time: number, monotonic: number): LogTimeState {
  const ahead = time - monotonic;
  if (state.mostAheadMs !== null && ahead > state.mostAheadMs) return state;
  const provenAheadMs = Math.max(ahead, state.provenAheadMs ?? ahead);
  return provenAheadMs === state.provenAheadMs && state.isHeard
    ? state
    : { ...state, provenAheadMs, isHeard: true };
}

/**
 * An answer to a request proves both bounds, because the origin's clock showed `time` between `sent` and `came`. It
 * does not matter which upstream forwarded the answer. A lower bound above this range is from before the origin's clock
 * was set back, so it is dropped.
 */
export function afterAnswer(
  state: LogTimeState,
  { time, sent, came }: { time: number; sent: number; came: number },
): LogTimeState {
  const mostAheadMs = time - sent;
  const leastAheadMs = time - came;
  const provenAheadMs = Math.min(mostAheadMs, Math.max(leastAheadMs, state.provenAheadMs ?? leastAheadMs));
  return { ...state, provenAheadMs, mostAheadMs, isHeard: true };
}

export function aheadOf({ provenAheadMs, guessedAheadMs, isHeard }: LogTimeState): number {
  return isHeard && provenAheadMs !== null ? provenAheadMs : guessedAheadMs;
}
