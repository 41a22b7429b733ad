import type { Clock } from '../../shared/clock.ts';
import { SkerryError } from '../../shared/errors.ts';

/** The bytes that a site may write to the log at once. After that, it may write `BYTES_PER_SECOND`. */
const BURST_BYTES = 1024 * 1024;
const BYTES_PER_SECOND = 8 * 1024;
const BURST_MS = (BURST_BYTES / BYTES_PER_SECOND) * 1000;
/** When there are more sites than this, those with no debt are forgotten. */
const REMEMBERED = 1000;

/**
 * Limits what each site may write to the log by cheap requests that publish nothing: purges and settings. Every edge
 * reads and keeps the log, so a single site that is changed in a loop would fill the disks of all edges.
 */
export class LogAllowance {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** The monotonic time by which the allowed rate covers everything that a site has written. */
  readonly #paid = new Map<string, number>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Throws `too-many-changes`, and then charges nothing. */
  spend(site: string, bytes: number): void {
    const now = this.#clock.monotonic();
    const paid = this.#after(site, bytes, now);
    const seconds = Math.ceil((paid - now - BURST_MS) / 1000);
    if (seconds > 0)
      throw new SkerryError(
        'too-many-changes',
        `purges and settings of ${site} have written too much to the log; try again in ${seconds} s`,
        { details: { retryAfter: seconds } },
      );
    this.#note(site, paid, now);
  }

  /** Charges for bytes that are already written. */
  owe(site: string, bytes: number): void {
    const now = this.#clock.monotonic();
    this.#note(site, this.#after(site, bytes, now), now);
  }

  #after(site: string, bytes: number, now: number): number {
    return Math.max(now, this.#paid.get(site) ?? now) + (bytes / BYTES_PER_SECOND) * 1000;
  }

  #note(site: string, paid: number, now: number): void {
    this.#paid.set(site, paid);
    if (this.#paid.size <= REMEMBERED) return;
    for (const [name, until] of this.#paid) if (until <= now) this.#paid.delete(name);
  }
}
