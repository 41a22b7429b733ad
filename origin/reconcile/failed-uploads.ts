import type { Clock } from '../../shared/clock.ts';
import type { Digest } from '../../shared/content/digest.ts';

/** If an object has not been asked for during this time, every edge may be asked for it again. */
const AGAIN_MS = 24 * 3_600_000;
/** The maximum number of remembered failures, because a thousand edges may fail to send a thousand objects. */
const MOST = 1_000_000;
const NOBODY: ReadonlySet<string> = new Set();

/**
 * Remembers which edges were asked for an object and did not send it. The failures of an object are forgotten together.
 * If they were forgotten one by one, there would always be an edge to ask again, and the operator would never be
 * alerted.
 */
export class FailedUploads {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** The object whose failure is the oldest comes first. */
  readonly #failed = new Map<Digest, { readonly edges: Set<string>; readonly last: number }>();
  #count = 0;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** The edges that are not to be asked for the object. */
  of(digest: Digest): ReadonlySet<string> {
    const failed = this.#failed.get(digest);
    return failed === undefined || this.#clock.monotonic() - failed.last >= AGAIN_MS ? NOBODY : failed.edges;
  }

  add(edge: string, digest: Digest): void {
    const isOld = this.of(digest) === NOBODY;
    const edges = isOld ? new Set<string>() : (this.#failed.get(digest)?.edges ?? new Set<string>());
    this.forget(digest);
    edges.add(edge);
    this.#failed.set(digest, { edges, last: this.#clock.monotonic() });
    this.#count += edges.size;
    const [oldest] = this.#count > MOST ? this.#failed.keys() : [];
    if (oldest !== undefined) this.forget(oldest);
  }

  /** Called when the object is intact again. */
  forget(digest: Digest): void {
    this.#count -= this.#failed.get(digest)?.edges.size ?? 0;
    this.#failed.delete(digest);
  }

  /** Called with edges that have come online. They may have what they could not send before. */
  forgive(edges: readonly string[]): void {
    for (const { edges: failed } of this.#failed.values())
      for (const edge of edges) if (failed.delete(edge)) this.#count--;
  }
}
