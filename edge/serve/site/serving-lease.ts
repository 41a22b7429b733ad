import { machineTime } from '../../../shared/clock.ts';

/**
 * The time until which the origin counts on this edge. Each serving process judges it, since the replicator may be
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
