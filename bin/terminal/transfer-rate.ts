import type { Clock } from '../../shared/clock.ts';

/** The rate is the mean of this span. A shorter one makes the remaining time jump. */
const SPAN_MS = 5000;
/** Moments are kept at this distance, so there are at most some fifty. */
const STEP_MS = 100;
/** Before this much time has passed, a rate would be a guess. */
const LEAST_MS = 500;

interface Moment {
  readonly at: number;
  readonly bytes: number;
}

/** How fast a transfer was during the last seconds. */
export class TransferRate {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #moments: Moment[] = [];

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Takes the sum of all bytes that were sent so far. A smaller sum than before begins a new transfer. */
  note(bytes: number): void {
    const at = this.#clock.monotonic();
    const last = this.#moments.at(-1);
    if (last !== undefined && bytes < last.bytes) this.#moments.length = 0;
    const before = this.#moments.at(-2);
    if (before !== undefined && last !== undefined && last.at - before.at < STEP_MS) this.#moments.pop();
    this.#moments.push({ at, bytes });
    while ((this.#moments[1]?.at ?? at) < at - SPAN_MS) this.#moments.shift();
  }

  /** Bytes in a second. Undefined if too little time has passed. */
  get bytesPerSecond(): number | undefined {
    const [first] = this.#moments;
    const last = this.#moments.at(-1);
    if (first === undefined || last === undefined || last.at - first.at < LEAST_MS) return undefined;
    return ((last.bytes - first.bytes) * 1000) / (last.at - first.at);
  }
}
