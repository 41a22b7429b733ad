import { SkerryError } from '../errors.ts';
import { FairQueue, type FairQueueOptions } from './fair-queue.ts';

export interface FairTurnsOptions extends FairQueueOptions {
  /** How many pieces of work run in parallel. */
  readonly atOnce: number;
}

interface Waiting {
  readonly begin: () => Promise<void>;
  readonly refuse: (error: SkerryError) => void;
}

/** Runs work that competes for a scarce resource. Members take turns, so a member with much work delays only itself. */
export class FairTurns {
  readonly #waiting: FairQueue<Waiting>;
  readonly #atOnce: number;
  #running = 0;
  #isClosed = false;

  constructor(options: FairTurnsOptions) {
    this.#waiting = new FairQueue(options);
    this.#atOnce = options.atOnce;
  }

  /** Rejects with `too-many-requests` when too much work is waiting, and with `unavailable` after `close`. */
  run<T>(member: string, work: () => Promise<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(closed());
    return new Promise<T>((resolve, reject) => {
      // `Promise.try` also catches what the work throws synchronously, so that the place is always released.
      const begin = () => Promise.try(work).then(resolve, reject);
      this.#waiting.add(member, { begin, refuse: reject })?.refuse(tooMany());
      this.#advance();
    });
  }

  /** Refuses the work that is waiting. Running work continues. */
  close(): void {
    this.#isClosed = true;
    for (let next = this.#waiting.next(); next !== undefined; next = this.#waiting.next())
      next.refuse(closed());
  }

  #advance(): void {
    while (this.#running < this.#atOnce) {
      const next = this.#waiting.next();
      if (next === undefined) return;
      this.#running++;
      void next.begin().finally(() => {
        this.#running--;
        this.#advance();
      });
    }
  }
}

function tooMany(): SkerryError {
  return new SkerryError('too-many-requests', 'this member has too much work waiting already');
}

function closed(): SkerryError {
  return new SkerryError('unavailable', 'this process is about to end');
}
