import type { Clock } from '../../shared/clock.ts';
import type { Digest } from '../../shared/content/digest.ts';

/** Edges have this time to report after the origin starts, and to come back after a short absence. */
const GRACE_MS = 60_000;
/** The operator is told again after this time that no edge has an object. */
const AGAIN_MS = 24 * 3_600_000;
/** At most this many objects are remembered. The operator is told again about a forgotten one. */
const MOST = 50_000;

/** Remembers the objects that no edge has, and decides when the operator is told about each. */
export class Unobtainable {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** The time from which the operator is to be told about each object, oldest note first. */
  readonly #due = new Map<Digest, number>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Returns the objects that the operator is to be told about now. */
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
