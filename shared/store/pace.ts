import type { Clock } from '../clock.ts';
import type { Rest } from './digest-of-stream.ts';

/** The minimum time of work before a rest. Shorter rests would be too short for timers. */
const WORK_MS = 20;
/** The maximum rest. The work may have waited for something, and that time needs no rest. */
const MOST_REST_MS = 250;

/** Rests as long as the work took, so that work that is not urgent leaves half of the time to readers. */
export function pace(clock: Pick<Clock, 'monotonic' | 'sleep'>, signal: AbortSignal): Rest {
  let began = clock.monotonic();
  return async () => {
    const worked = clock.monotonic() - began;
    if (worked < WORK_MS) return;
    await clock.sleep(Math.min(worked, MOST_REST_MS), signal).catch(() => {});
    began = clock.monotonic();
  };
}
