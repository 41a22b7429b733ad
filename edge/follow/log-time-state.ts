/**
 * The origin's time as an edge knows it: what the origin signed, and what the machine's monotonic clock has counted
 * since. All are offsets: the monotonic clock is to be added.
 */
export interface LogTimeState {
  /** What the origin has proved; null before its first word. */
  readonly proven: number | null;
  /** By the wall clock, until this start of the edge has heard of the origin. */
  readonly guessed: number;
  readonly isHeard: boolean;
}

/** `wall` is the wall clock put right by what it was wrong by before, `signed` the time of the newest head of then. */
export function firstLogTime(wall: number, signed: number | null, monotonic: number): LogTimeState {
  const proven = signed === null ? null : signed - monotonic;
  return { proven, guessed: Math.max(wall - monotonic, proven ?? wall - monotonic), isHeard: false };
}

/** A head takes its time to come, so it proves what the time is at least: the one that took least counts. */
export function afterHead(state: LogTimeState, time: number, monotonic: number): LogTimeState {
  const proven = Math.max(time - monotonic, state.proven ?? time - monotonic);
  return proven === state.proven && state.isHeard ? state : { ...state, proven, isHeard: true };
}

/**
 * An answer to what was sent proves both ends, whoever passed it on: the origin's clock showed `time` in between.
 * What is ahead of that comes from a clock of the origin that was put right since, and is followed no longer.
 */
export function afterAnswer(
  state: LogTimeState,
  { time, sent, came }: { time: number; sent: number; came: number },
): LogTimeState {
  const proven = Math.min(time - sent, Math.max(time - came, state.proven ?? time - came));
  return proven === state.proven && state.isHeard ? state : { ...state, proven, isHeard: true };
}

export function aheadOf({ proven, guessed, isHeard }: LogTimeState): number {
  return isHeard && proven !== null ? proven : guessed;
}
