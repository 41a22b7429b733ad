import type { Clock } from '../../shared/clock.ts';
import type { Digest } from '../../shared/content/digest.ts';

/** An edge is asked for the same object again after this time. It may have got it in the meantime. */
const AGAIN_MS = 3_600_000;
/** What is forgotten is asked for again. */
const MOST = 50_000;

/** The edges that were asked for an object and did not bring it. */
export class FailedUploads {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** By edge and object, the oldest first. */
  readonly #since = new Map<string, number>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  has(edge: string, digest: Digest): boolean {
    const since = this.#since.get(`${edge} ${digest}`);
    return since !== undefined && this.#clock.monotonic() - since < AGAIN_MS;
  }

  add(edge: string, digest: Digest): void {
    const key = `${edge} ${digest}`;
    this.#since.delete(key);
    this.#since.set(key, this.#clock.monotonic());
    const [oldest] = this.#since.keys();
    if (this.#since.size > MOST && oldest !== undefined) this.#since.delete(oldest);
  }
}
