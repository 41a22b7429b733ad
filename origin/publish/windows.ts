import type { Clock } from '../../shared/clock.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { SiteReads } from '../catalog/site-calls.ts';
import { pendingOpens } from './activation-window.ts';
import type { Committer } from './commit.ts';

/** The longest wait. It is limited because all windows shift if the clock is set, or stops while the machine sleeps. */
const LONGEST_WAIT_MS = 60_000;
const AFTER_FAILURE_MS = 5000;

export interface WindowsOptions {
  readonly catalog: Pick<Remote<SiteReads>, 'sites'>;
  readonly clock: Clock;
  readonly committer: Committer;
  readonly stopping: AbortSignal;
  readonly failed: (error: unknown) => void;
}

/**
 * Makes waiting revisions live when the windows of their sites open, until the origin stops. A slow site, for example
 * one with a sync publish, does not delay other sites.
 */
export async function keepWindows(options: WindowsOptions): Promise<void> {
  const { clock, committer, stopping, failed } = options;
  const opening = new Map<number, Promise<void>>();
  const open = async (site: number) => {
    try {
      await committer.openWindow(site, 'schedule');
    } catch (error) {
      if (stopping.aborted) return;
      failed(error);
      await clock.sleep(AFTER_FAILURE_MS, stopping).catch(() => {});
    }
  };
  while (!stopping.aborted) {
    const over = new AbortController();
    const either = AbortSignal.any([stopping, over.signal]);
    // The wait begins before the sites are read, so a revision that begins to wait afterwards ends it.
    const woken = committer.waiting.wait(LONGEST_WAIT_MS, either);
    const { due, next } = await lookAround(options);
    for (const site of due) {
      if (opening.has(site)) continue;
      const ended = open(site).finally(() => {
        opening.delete(site);
        committer.waiting.wake();
      });
      opening.set(site, ended);
    }
    await Promise.race([woken, clock.sleep(next, either).catch(() => {})]);
    over.abort();
  }
  await Promise.all(opening.values());
}

/** The sites whose window is open, and the milliseconds until the next one opens. */
async function lookAround(options: WindowsOptions): Promise<{ due: number[]; next: number }> {
  const { catalog, clock, stopping, failed } = options;
  const due: number[] = [];
  try {
    let next = LONGEST_WAIT_MS;
    for (const { id, pending, policy } of await catalog.sites()) {
      if (pending?.mode !== 'batch') continue;
      const opens = pendingOpens(policy, clock.now()) - clock.now();
      if (opens <= 0) due.push(id);
      else next = Math.min(next, opens);
    }
    return { due, next };
  } catch (error) {
    if (!stopping.aborted) failed(error);
    return { due: [], next: AFTER_FAILURE_MS };
  }
}
