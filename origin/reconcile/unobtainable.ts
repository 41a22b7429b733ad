import type { Clock } from '../../shared/clock.ts';
import type { Digest } from '../../shared/content/digest.ts';

/** Edges have this time to report after the origin starts, and to connect again after a short absence. */
const GRACE_MS = 60_000;
/** After this time, the operator is alerted again that no edge has an object. */
const AGAIN_MS = 24 * 3_600_000;
/** The maximum number of remembered objects. The operator is alerted again about an object that was forgotten. */
const MOST = 50_000;

/** Remembers the objects that no edge has, and decides when to alert the operator about each. */
export class Unobtainable {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** The time from which the operator is to be alerted about each object, oldest first. */
  readonly #due = new Map<Digest, number>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Returns the objects about which the operator is to be alerted now. */
  news(digests: readonly Digest[]): Digest[] {
    const now = this.#clock.monotonic();
    const told: Digest[] = [];
    for (const digest of digests) {
      const due = this.#due.get(digest);
      if (due === undefined) this.#set(digest, now + GRACE_MS);
      else if (now >= due) {
        told.push(digest);
        this.#set(digest, now + AGAIN_MS);
      }
    }
    return told;
  }

  forget(digest: Digest): void {
    this.#due.delete(digest);
  }

  #set(digest: Digest, due: number): void {
    this.#due.delete(digest);
    this.#due.set(digest, due);
    const [oldest] = this.#due.keys();
    if (this.#due.size > MOST && oldest !== undefined) this.#due.delete(oldest);
  }
}
