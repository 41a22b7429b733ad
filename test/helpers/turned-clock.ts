import { type Clock, systemClock } from '../../shared/clock.ts';

export interface TurnedClock extends Clock {
  /** Sets the clock forward. Sleepers whose time has come wake. */
  advance(ms: number): void;
  /** Sets only the time of day, to `ms` ahead of the real one. */
  set(ms: number): void;
}

/** A clock that runs like the system's and jumps when a test says so. */
export function turnedClock(): TurnedClock {
  let skew = 0;
  let wrong = 0;
  const sleepers = new Set<{ until: number; wake: AbortController }>();
  const monotonic = () => systemClock.monotonic() + skew;
  return {
    now: () => systemClock.now() + skew + wrong,
    monotonic,
    async sleep(ms, signal) {
      const sleeper = { until: monotonic() + ms, wake: new AbortController() };
      sleepers.add(sleeper);
      const either = AbortSignal.any([sleeper.wake.signal, ...(signal === undefined ? [] : [signal])]);
      try {
        await systemClock.sleep(ms, either);
      } catch (error) {
        signal?.throwIfAborted();
        if (!sleeper.wake.signal.aborted) throw error;
      } finally {
        sleepers.delete(sleeper);
      }
    },
    set(ms) {
      wrong = ms;
    },
    advance(ms) {
      skew += ms;
      for (const { until, wake } of sleepers) if (until <= monotonic()) wake.abort();
    },
  };
}

export interface WrongClock extends Clock {
  /** Sets the time of day to `ms` ahead of the real one. */
  set(ms: number): void;
}

/** A clock whose time of day is `ms` ahead of the real one. Seconds have their usual length. */
export function wrongClock(clock: Clock, ms: number): WrongClock {
  let wrong = ms;
  return {
    now: () => clock.now() + wrong,
    monotonic: clock.monotonic,
    sleep: clock.sleep,
    set(to) {
      wrong = to;
    },
  };
}
