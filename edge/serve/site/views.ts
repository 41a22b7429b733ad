import type { ComingViews } from '../../messages/to-serving.ts';
import type { SiteView } from '../../messages/views.ts';
import type { SwitchDecision } from '../../store/switch-decisions.ts';
import type { SiteHandler } from './site-handler.ts';
import { type SiteSelection, siteSelection } from './site-selection.ts';

/**
 * A hold ends by itself after this time, because the replicating process may be frozen, and readers must not wait for
 * it.
 */
const HOLD_MS = 1000;

const NO_SITES: SiteSelection = { find: () => undefined };

export interface ViewsParts {
  readonly handlerOf: (view: SiteView) => SiteHandler;
  /** A hold ends by itself. Decides the switch, unless another process has decided it. */
  readonly decide: (id: string) => SwitchDecision;
  /** Called in the turn of the event loop in which the first request can select these views. */
  readonly shown: (views: readonly SiteView[]) => void;
}

/**
 * The sites that this process serves. Each request selects its site once, at its beginning. During a hold, new requests
 * wait, because no process may begin a request with the old views while another process begins one with the new views.
 * A new process holds requests until it gets its first views.
 */
export class Views {
  #sites: SiteSelection = NO_SITES;
  #hasViews = false;
  #hold: Hold | undefined = beginHold();
  readonly #parts: ViewsParts;

  constructor(parts: ViewsParts) {
    this.#parts = parts;
  }

  /**
   * The sites to select from. During a hold, returns a promise that resolves when the hold ends. The caller must then
   * call this again.
   */
  current(): SiteSelection | Promise<void> {
    return this.#hold?.ended ?? this.#sites;
  }

  /** Holds new requests until it is decided whether these views are shown. A hold replaces the one before. */
  hold(coming: ComingViews): void {
    const hold = this.#hold ?? beginHold();
    clearTimeout(hold.timer);
    hold.coming = coming;
    hold.timer = setTimeout(() => this.#endHold(coming), HOLD_MS);
    this.#hold = hold;
  }

  /** Shows the views for which requests are held. They may be shown already, because the hold has ended. */
  switch(id: string): void {
    const coming = this.#hold?.coming;
    if (coming?.id === id) this.show(coming.views);
  }

  show(views: readonly SiteView[]): void {
    const { handlerOf, shown } = this.#parts;
    this.#sites = siteSelection(views, handlerOf);
    this.#hasViews = true;
    shown(views);
    this.#release();
  }

  /** No message has told in time whether the other processes have switched. */
  #endHold({ id, views }: ComingViews): void {
    if (this.#parts.decide(id) === 'switch') this.show(views);
    else if (this.#hasViews) this.#release();
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
  /** Undefined until the first message. */
  coming: ComingViews | undefined;
  timer: NodeJS.Timeout | undefined;
}

function beginHold(): Hold {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { ended: promise, end: resolve, coming: undefined, timer: undefined };
}
