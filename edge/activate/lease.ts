/**
 * The lease of an edge. While it lasts, the edge serves sites that require a lease. The origin grants it to edges that
 * show every synchronous publish. All processes of the edge compare its end with the machine's monotonic clock, which
 * they share. Times are in milliseconds.
 */
export class Lease {
  #until = 0;

  /** Called when the origin has granted a lease of `ms` for a request that was sent at `sent`. */
  granted(sent: number, ms: number): void {
    this.#until = Math.max(this.#until, sent + ms);
  }

  get until(): number {
    return this.#until;
  }
}
