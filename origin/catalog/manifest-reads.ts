import type { BucketReader } from '../../shared/content/manifest/buckets.ts';
import type { ObjectNames } from '../../shared/content/manifest/object-names.ts';
import type { ManifestReader } from '../../shared/content/manifest/reading.ts';
import type { Remote } from '../../shared/process/thread.ts';

/**
 * What followers read of manifests. The catalog answers it too; a second reader beside the catalog holds up no commit
 * while a hundred edges compare their states. It sees what was committed before a call, each call one state, and
 * throws `no-such-revision` for one that retention has taken away between two pages.
 */
type ManifestReads = Remote<ManifestReader & BucketReader & ObjectNames>;

/** A second reader, and what ends it. */
export interface OpenManifestReads {
  readonly manifests: ManifestReads;
  close(): Promise<void>;
}
