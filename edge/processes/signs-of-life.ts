/** After a time in which the process that asks was frozen itself, it finds one answer late. */
const MOST_IDLE = 2;
/** A look at one that does not answer takes six seconds: a minute. */
const MOST_UNANSWERED = 10;

/**
 * What looks at a process have come to, each of which asks it for an answer. One that works on is only busy, however
 * late it answers: readers would lose more by its end than by waiting. But a loop without end works on for ever.
 */
export class SignsOfLife {
  /** Undefined where it is not known. */
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
