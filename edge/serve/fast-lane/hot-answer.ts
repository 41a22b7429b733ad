import type { PreparedAnswer } from '../site/site-handler.ts';

/** Builds the bytes of a response for a second, in the time of the log. The second becomes its `Date`. */
export type Dated<Wire> = (second: number) => Wire;

/** A whole response as it goes on the wire, built once for many requests. */
export class HotAnswer<Wire> {
  /** The site under which the response is counted and logged. */
  readonly site: string;
  readonly prepared: PreparedAnswer;
  /** When this response was last sent, in the time of the log. */
  usedAt = 0;
  /** The number of times that the response was sent since the last call of `takeUses`. */
  #uses = 0;
  readonly #dated: Dated<Wire>;
  #wire: Wire;
  #second: number;

  constructor(site: string, prepared: PreparedAnswer, dated: Dated<Wire>, second: number) {
    this.site = site;
    this.prepared = prepared;
    this.#dated = dated;
    this.#second = second;
    this.#wire = dated(second);
  }

  /** Called when the response is sent. */
  used(now: number): void {
    this.usedAt = now;
    this.#uses++;
  }

  /** Returns the number of times that the response was sent since the last call. */
  takeUses(): number {
    const uses = this.#uses;
    this.#uses = 0;
    return uses;
  }

  /** Roughly the memory that this response takes, with two copies of its head. */
  get size(): number {
    const { headers, body } = this.prepared;
    let head = 0;
    for (const name in headers) head += name.length + (headers[name]?.length ?? 0);
    return body.length + 2 * head;
  }

  /** The response with this second as its `Date`. A buffer that may not be sent yet is never changed. */
  at(second: number): Wire {
    if (second !== this.#second) {
      this.#second = second;
      this.#wire = this.#dated(second);
    }
    return this.#wire;
  }
}
