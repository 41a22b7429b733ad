/** One late answer is tolerated, because the asking process may have been frozen itself. */
const MOST_IDLE = 2;
/** A check that gets no answer takes six seconds, so this many take a minute. */
const MOST_UNANSWERED = 10;

/**
 * The results of regular checks, each of which asks a process for an answer. A process that uses processor time is
 * probably only busy, however late it answers, and ending it would cost readers more than waiting. But an endless loop
 * also uses processor time, so a process that has not answered for a minute is ended anyway.
 */
export class SignsOfLife {
  /** Undefined where the system does not report it. */
  #cpuTime: number | undefined;
  #idle = 0;
  #unanswered = 0;

  constructor(cpuTime: number | undefined) {
    this.#cpuTime = cpuTime;
  }

  looked(hasAnswered: boolean, cpuTime: number | undefined): void {
    const hasWorked = cpuTime !== undefined && cpuTime !== this.#cpuTime;
    this.#cpuTime = cpuTime;
    this.#idle = hasAnswered || hasWorked ? 0 : this.#idle + 1;
    this.#unanswered = hasAnswered ? 0 : this.#unanswered + 1;
  }

  get isMissing(): boolean {
    return this.#idle >= MOST_IDLE || this.#unanswered >= MOST_UNANSWERED;
  }
}
