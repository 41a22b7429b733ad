import { SkerryError } from '../errors.ts';
import { FairQueue, type FairQueueOptions } from './fair-queue.ts';

export interface FairTurnsOptions extends FairQueueOptions {
  /** How much work is carried out side by side. */
  readonly atOnce: number;
}

interface Waiting {
  readonly begin: () => Promise<void>;
  readonly refuse: (error: SkerryError) => void;
}

/** Work that shares something scarce. Who has much to do waits for himself: each member's next piece is as near as any other's. */
export class FairTurns {
  readonly #waiting: FairQueue<Waiting>;
  readonly #atOnce: number;
  #running = 0;
  #isClosed = false;

  constructor(options: FairTurnsOptions) {
    this.#waiting = new FairQueue(options);
    this.#atOnce = options.atOnce;
  }

  /** Rejects with `too-many-requests` when too much waits already, and with `unavailable` after `close`. */
  run<T>(member: string, work: () => Promise<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(closed());
    return new Promise<T>((resolve, reject) => {
      // `try`: work that throws at once gives its place back, too.
      const begin = () => Promise.try(work).then(resolve, reject);
      this.#waiting.add(member, { begin, refuse: reject })?.refuse(tooMany());
      this.#advance();
    });
  }

  /** Refuses what waits; what runs goes on. */
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
