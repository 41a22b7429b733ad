import type { Clock } from '../clock.ts';
import type { Rest } from './digest-of-stream.ts';

/** The least time of work before a rest. Shorter rests would take longer than timers can measure. */
const WORK_MS = 20;
/** The work may also have waited for something, and such a time needs no rest. */
const MOST_REST_MS = 250;

/** Rests as long as the work took, so that work without hurry leaves half of the time to readers. */
export function pace(clock: Pick<Clock, 'monotonic' | 'sleep'>, signal: AbortSignal): Rest {
  let began = clock.monotonic();
  return async () => {
    const worked = clock.monotonic() - began;
    if (worked < WORK_MS) return;
    await clock.sleep(Math.min(worked, MOST_REST_MS), signal).catch(() => {});
    began = clock.monotonic();
  };
}
