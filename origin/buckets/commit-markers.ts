import { ByteCache } from '../../shared/process/byte-cache.ts';
import type { SiteRow } from '../catalog/site-calls.ts';
import type { HeldCommits } from './held-commits.ts';

/** Putting an object of this name makes a revision at once. The object itself is not published, and not listed. */
export const COMMIT_KEY = '.skerry-commit';
export const MOST_MARKER_BYTES = 1024;
const MOST_REMEMBERED_BYTES = 1024 * 1024;
const OVERHEAD_BYTES = 256;

/** What a client has put as the marker. */
export interface CommitMarker {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly time: number;
}

/** Remembers the markers for a while, because some clients read back what they have put. */
export class CommitMarkers {
  readonly #held: HeldCommits;
  readonly #markers = new ByteCache<string, CommitMarker>({
    bytes: MOST_REMEMBERED_BYTES,
    sizeOf: ({ bytes }) => bytes.length + OVERHEAD_BYTES,
  });

  constructor(held: HeldCommits) {
    this.#held = held;
  }

  /** Resolves when the revision is made. Throws the errors of a commit. */
  async put({ id }: SiteRow, marker: CommitMarker): Promise<void> {
    await this.#held.commit(id);
    this.#markers.set(String(id), marker);
  }

  of({ id }: SiteRow): CommitMarker | undefined {
    return this.#markers.get(String(id));
  }

  delete({ id }: SiteRow): void {
    this.#markers.delete(String(id));
  }
}
