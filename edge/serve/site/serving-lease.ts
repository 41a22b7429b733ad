import { machineTime } from '../../../shared/clock.ts';

/**
 * The time until which this edge has a lease. Each serving process checks it, since the replicating process may be
 * frozen.
 */
export class ServingLease {
  #until = 0;

  /** `until` is in milliseconds of the machine's monotonic clock. */
  renew(until: number): void {
    this.#until = until;
  }

  get isHeld(): boolean {
    return machineTime() < this.#until;
  }
}
