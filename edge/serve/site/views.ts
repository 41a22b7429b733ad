import { machineTime } from '../../../shared/clock.ts';
import type { SiteView } from '../../messages/views.ts';
import { type SiteSelection, siteSelection } from './site-selection.ts';

/** A hold ends by itself after this long: the replicator may be frozen, and readers never wait for it. */
export const HOLD_MS = 1000;

/**
 * The sites as this process serves them. A request takes its site once, at its beginning. During a hold new
 * requests wait: no process may begin one on the old views while another already begins them on the new. A new
 * process holds until it is first told what to show.
 */
export class Views {
  #sites: SiteSelection = siteSelection([]);
  #hold: Hold | undefined = beginHold();
  #leaseUntil = 0;

  /** The selection to use, or the end of the hold to wait for before asking again. */
  current(): SiteSelection | Promise<void> {
    return this.#hold?.ended ?? this.#sites;
  }

  lease(until: number): void {
    this.#leaseUntil = until;
  }

  /** Whether the origin counts on this edge, where the site asks for that; judged here: the replicator may be frozen. */
  mayServe({ needsLease }: SiteView): boolean {
    return !needsLease || machineTime() < this.#leaseUntil;
  }

  hold(): void {
    if (this.#hold !== undefined) return;
    const hold = beginHold();
    this.#hold = hold;
    hold.timer = setTimeout(() => this.#release(), HOLD_MS);
  }

  switch(views: readonly SiteView[]): void {
    this.#sites = siteSelection(views);
    this.#release();
  }

  #release(): void {
    clearTimeout(this.#hold?.timer);
    this.#hold?.end();
    this.#hold = undefined;
  }
}

interface Hold {
  readonly ended: Promise<void>;
  readonly end: () => void;
  timer: NodeJS.Timeout | undefined;
}

function beginHold(): Hold {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { ended: promise, end: resolve, timer: undefined };
}
