/**
 * Until when sites may be served that refuse to be served without a lease: the origin grants that to edges that
 * show every synchronous publish. Judged by the machine's monotonic clock, in milliseconds, which all processes of
 * the edge share.
 */
export class Lease {
  #until = 0;

  /** A renewal that was asked for at `sent` was granted for `ms`. */
  granted(sent: number, ms: number): void {
    this.#until = Math.max(this.#until, sent + ms);
  }

  get until(): number {
    return this.#until;
  }
}
