import type { Clock } from '../../shared/clock.ts';
import type { SkerryError } from '../../shared/errors.ts';

/** How long a publish may take from its request to its response. An async publish has no limit. */
export class Deadline {
  /** Aborts when the time is over, unless `disarm` was called before. */
  readonly signal: AbortSignal;
  readonly #clock: Clock;
  readonly #end: number;
  readonly #over = new AbortController();
  readonly #timer = new AbortController();

  constructor(clock: Clock, end: number, reason: () => SkerryError) {
    this.#clock = clock;
    this.#end = end;
    this.signal = this.#over.signal;
    if (end === Number.POSITIVE_INFINITY) return;
    clock.sleep(Math.max(0, this.left()), this.#timer.signal).then(
      () => this.#over.abort(reason()),
      () => {},
    );
  }

  /** Milliseconds. Zero or below when the time is over. */
  left(): number {
    return this.#end - this.#clock.monotonic();
  }

  /** Stops the timer. From then on, the caller checks the remaining time. */
  disarm(): void {
    this.#timer.abort();
  }
}
