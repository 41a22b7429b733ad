import { nextWindow, windowAt } from '../../shared/site/schedule.ts';
import type { SitePolicy } from '../../shared/site/site-policy.ts';

export function isWindowOpen({ batch }: SitePolicy, now: number): boolean {
  return windowAt(batch.window, now) !== undefined;
}

/** The time at which a pending batch revision becomes live. It is in the past when a window is open. */
export function pendingOpens({ batch }: SitePolicy, now: number): number {
  return (windowAt(batch.window, now) ?? nextWindow(batch.window, now)).opens;
}
