import { machineTime } from '../../../shared/clock.ts';

/** The machine time at which `performance.now` began in this process. That clock is the cheapest to read. */
const BEGAN = machineTime() - performance.now();

/** The time of the log in a serving process. The replicating process sends it. It does not depend on a wall clock. */
export class LogClock {
  #ahead = 0;
  #second = 0;
  #date = '';

  /** How far the time of the log is ahead of the machine's monotonic clock. */
  set(ahead: number): void {
    this.#ahead = ahead;
  }

  /** Returns milliseconds since 1970. */
  now(): number {
    return Math.floor(performance.now() + BEGAN + this.#ahead);
  }

  /** The value of `Date`, from which caches compute the age of a response. */
  date(): string {
    const second = Math.floor(this.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#date = new Date(second * 1000).toUTCString();
    }
    return this.#date;
  }
}
