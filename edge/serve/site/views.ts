import type { SiteView } from '../../messages/views.ts';
import type { SiteHandler } from './site-handler.ts';
import { type SiteSelection, siteSelection } from './site-selection.ts';

/**
 * A hold ends by itself after this time, because the replicating process may be frozen, and readers must not wait for
 * it.
 */
const HOLD_MS = 1000;

const NO_SITES: SiteSelection = { find: () => undefined };

/**
 * The sites that this process serves. Each request selects its site once, at its beginning. During a hold, new requests
 * wait, because no process may begin a request with the old views while another process begins one with the new views.
 * A new process holds requests until it gets its first views.
 */
export class Views {
  #sites: SiteSelection = NO_SITES;
  #hold: Hold | undefined = beginHold();
  readonly #handlerOf: (view: SiteView) => SiteHandler;

  constructor(handlerOf: (view: SiteView) => SiteHandler) {
    this.#handlerOf = handlerOf;
  }

  /**
   * The sites to select from. During a hold, returns a promise that resolves when the hold ends. The caller must then
   * call this again.
   */
  current(): SiteSelection | Promise<void> {
    return this.#hold?.ended ?? this.#sites;
  }

  hold(): void {
    if (this.#hold !== undefined) return;
    const hold = beginHold();
    this.#hold = hold;
    hold.timer = setTimeout(() => this.#release(), HOLD_MS);
  }

  switch(views: readonly SiteView[]): void {
    this.#sites = siteSelection(views, this.#handlerOf);
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
