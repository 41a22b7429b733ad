/**
 * The lease of an edge. While it lasts, the edge serves sites that refuse to be served without one. The origin grants
 * it to edges that show every synchronous publish. It is judged by the machine's monotonic clock, in milliseconds, which
 * all processes of the edge share.
 */
export class Lease {
  #until = 0;

  /** The origin granted `ms` for a renewal that was sent at `sent`. */
  granted(sent: number, ms: number): void {
    this.#until = Math.max(this.#until, sent + ms);
  }

  get until(): number {
    return this.#until;
  }
}
