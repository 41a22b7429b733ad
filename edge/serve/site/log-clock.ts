import { machineTime } from '../../../shared/clock.ts';

/** What `performance.now`, which costs least, began at in this process. */
const BEGAN = machineTime() - performance.now();

/** The time of the log in a serving process, as the replicating one tells it: no wall clock has a part in it. */
export class LogClock {
  #ahead = 0;
  #second = 0;
  #date = '';

  /** What it is ahead of the machine's monotonic clock. */
  set(ahead: number): void {
    this.#ahead = ahead;
  }

  /** Milliseconds since 1970. */
  now(): number {
    return Math.floor(performance.now() + BEGAN + this.#ahead);
  }

  /** For the header `Date`: caches reckon from it how old an answer is. */
  date(): string {
    const second = Math.floor(this.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#date = new Date(second * 1000).toUTCString();
    }
    return this.#date;
  }
}
