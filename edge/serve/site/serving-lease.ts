import { machineTime } from '../../../shared/clock.ts';

/** Until when the origin counts on this edge; judged here: the replicator may be frozen. */
export class ServingLease {
  #until = 0;

  /** In milliseconds of the machine's monotonic clock. */
  renew(until: number): void {
    this.#until = until;
  }

  get isHeld(): boolean {
    return machineTime() < this.#until;
  }
}
