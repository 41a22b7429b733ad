import type { Clock } from '../../shared/clock.ts';
import type { Digest } from '../../shared/content/digest.ts';

/** After this time, an edge is asked for the same object again, because it may have got it in the meantime. */
const AGAIN_MS = 3_600_000;
/** At most this many failures are remembered. An edge may be asked again for an object whose failure is forgotten. */
const MOST = 50_000;

/** Remembers which edges were asked for an object and did not send it. */
export class FailedUploads {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** The time of the failure, by edge and object, oldest first. */
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
