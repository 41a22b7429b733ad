import type { Clock } from '../../../shared/clock.ts';
import { SkerryError } from '../../../shared/errors.ts';
import { afterFailure, afterProbing, afterSign, isProbeDue, isSilent, UNTRIED } from './reach-state.ts';

/** One reader's wait for the head of an answer. */
export interface ReadersWait extends Disposable {
  /** Aborts when the upstream turns out to be silent. */
  readonly signal: AbortSignal;
}

/** Keeps readers from waiting one after another for an upstream that is known to be silent. */
export class Reachability {
  readonly #url: string;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #probe: () => Promise<unknown>;
  readonly #waiting = new Set<AbortController>();
  #state = UNTRIED;

  /** `probe` must report its result by calling `heard` or `failed`. */
  constructor(url: string, clock: Pick<Clock, 'monotonic'>, probe: () => Promise<unknown>) {
    this.#url = url;
    this.#clock = clock;
    this.#probe = probe;
  }

  /** Called when something has arrived from the upstream. */
  readonly heard = (): void => {
    this.#state = afterSign(this.#state, this.#clock.monotonic());
  };

  /** Called when a request that left at `sent` got no answer. */
  failed(sent: number): void {
    const now = this.#clock.monotonic();
    this.#state = afterFailure(this.#state, { sent, now });
    if (!isSilent(this.#state, now)) return;
    for (const wait of this.#waiting) wait.abort();
  }

  /** While the upstream is silent, throws `origin-unreachable` immediately, and starts a probe if one is due. */
  wait(): ReadersWait {
    const now = this.#clock.monotonic();
    if (isSilent(this.#state, now)) {
      if (isProbeDue(this.#state, now)) {
        this.#state = afterProbing(this.#state, now);
        this.#probe().catch(() => {});
      }
      throw new SkerryError('origin-unreachable', `${this.#url} does not answer`);
    }
    const wait = new AbortController();
    this.#waiting.add(wait);
    return { signal: wait.signal, [Symbol.dispose]: () => this.#waiting.delete(wait) };
  }
}
