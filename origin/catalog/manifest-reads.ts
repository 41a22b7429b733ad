import type { BucketReader } from '../../shared/content/manifest/buckets.ts';
import type { ObjectNames } from '../../shared/content/manifest/object-names.ts';
import type { ManifestReader } from '../../shared/content/manifest/reading.ts';
import type { Remote } from '../../shared/process/thread.ts';

/**
 * The reads of manifests that followers need. The catalog offers the same reads. But if a catalog of one thread served
 * them, a hundred edges that compare their states would delay commits, so there is a second reader. A catalog that can
 * read while it writes may serve as its own reader. Each call sees one state, with everything that was committed before
 * the call, and throws `no-such-revision` for a revision that retention has removed between two pages.
 */
type ManifestReads = Remote<ManifestReader & BucketReader & ObjectNames>;

/** A second reader, with the function that closes it. */
export interface OpenManifestReads {
  readonly manifests: ManifestReads;
  close(): Promise<void>;
}
