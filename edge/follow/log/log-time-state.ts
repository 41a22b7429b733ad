/**
 * The origin's time as an edge knows it: what the origin signed, and what the machine's monotonic clock has counted
 * since. Each field says by how many milliseconds the origin's clock is ahead of the monotonic clock.
 */
export interface LogTimeState {
  /** What it is at least, as the origin has proved; null before its first word. */
  readonly provenAheadMs: number | null;
  /** What it is at most, by the last answer; null before one. */
  readonly mostAheadMs: number | null;
  /** By the wall clock, until this start of the edge has heard of the origin. */
  readonly guessedAheadMs: number;
  readonly isHeard: boolean;
}

/** `wall` is the wall clock put right by what it was wrong by before, `signed` the time of the newest head of then. */
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
 * A head takes its time to come, so it proves what the time is at least: the one that took least counts. One that is
 * ahead of what the last answer allows was signed before the origin's clock was put back, and came late. It may also
 * be the first word of a clock that was put forward since: that is followed with the next answer, seconds later.
 * Delays that end too late do no harm; content that shows or expires too early does.
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
 * An answer to what was sent proves both ends, whoever passed it on: the origin's clock showed `time` in between.
 * What is ahead of that comes from a clock of the origin that was put right since, and is followed no longer.
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
