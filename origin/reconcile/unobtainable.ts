import type { Clock } from '../../shared/clock.ts';
import type { Digest } from '../../shared/content/digest.ts';

/** After its start, an origin has not heard its edges yet, and an edge may be away for a moment. */
const GRACE_MS = 60_000;
/** An object that no edge has is told again after this time. */
const AGAIN_MS = 24 * 3_600_000;
/** What is forgotten is told again. */
const MOST = 50_000;

/** The objects that no edge has: which of them the operator is to hear of now. */
export class Unobtainable {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** Since when an object is known as unobtainable, or was told last, and when it is told next. The oldest first. */
  readonly #due = new Map<Digest, number>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Those of the objects that are told now. */
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
