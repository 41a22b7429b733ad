/**
 * Until when the edge may serve sites that require a lease. The origin grants a lease to an edge that shows every
 * synchronous publish. Times are milliseconds of the machine's monotonic clock, which all processes of the edge share.
 */
export class Lease {
  #until = 0;

  /** The origin granted `ms` to a renewal that was sent at `sent`. */
  granted(sent: number, ms: number): void {
    this.#until = Math.max(this.#until, sent + ms);
  }

  get until(): number {
    return this.#until;
  }
}
