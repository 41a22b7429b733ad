import type { Clock } from '../../shared/clock.ts';

/** How long an edge shows a revision on trial without a lease. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 1000;

/**
 * Whether the origin can judge what readers of this edge meet. Without a lease for a minute, it cannot. It can again when
 * the edge has a lease and stands at the signed head: the rollout may have ended meanwhile, and a lease may arrive before
 * the records that say so.
 */
export class Judged {
  readonly #clock: Clock;
  readonly #changed: () => void;
  #until: number;
  #isLapsed = false;

  constructor(clock: Clock, changed: () => void) {
    this.#clock = clock;
    this.#changed = changed;
    this.#until = clock.monotonic();
  }

  get isLapsed(): boolean {
    this.#isLapsed ||= this.#isOverdue();
    return this.#isLapsed;
  }

  /** Called when the origin has granted a lease of `ms` for a report that was sent at `sent`. */
  granted(sent: number, ms: number): void {
    // A process that was frozen notices here that it was too late.
    this.#isLapsed ||= this.#isOverdue();
    this.#until = Math.max(this.#until, sent + ms);
  }

  /** Called when the edge has every record up to a head that has just arrived. */
  caughtUp(): void {
    if (!this.#isLapsed || this.#isOverdue()) return;
    this.#isLapsed = false;
    this.#changed();
  }

  /** Notices the end of the patience, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const left = this.#until + PATIENCE_MS - this.#clock.monotonic();
      await this.#clock.sleep(this.#isLapsed ? PATIENCE_MS : Math.max(LOOK_MS, left), signal).catch(() => {});
      if (signal.aborted || this.#isLapsed || !this.#isOverdue()) continue;
      this.#isLapsed = true;
      this.#changed();
    }
  }

  #isOverdue(): boolean {
    return this.#clock.monotonic() > this.#until + PATIENCE_MS;
  }
}
