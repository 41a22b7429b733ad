import type { Cidr } from '../../shared/http/ip-address.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { ObjectStore } from '../../shared/store/object-store.ts';
import type { BucketObjects } from '../buckets/bucket-objects.ts';
import type { CommitMarkers } from '../buckets/commit-markers.ts';
import type { MultipartUploads } from '../buckets/multipart-uploads.ts';
import type { NoteAct } from '../callers/acts.ts';
import type { BucketCalls } from '../catalog/bucket-calls.ts';
import type { MultipartCalls } from '../catalog/multipart-calls.ts';
import type { SiteCalls } from '../catalog/site-calls.ts';
import type { Committer } from '../publish/commit.ts';
import type { LogAllowance } from '../publish/log-allowance.ts';
import type { SignatureCheckParts } from './signing/authenticate.ts';

/** The parts of the origin that S3's operations call. */
export interface S3Context extends SignatureCheckParts {
  readonly catalog: Pick<Remote<SiteCalls>, 'sites' | 'siteNamed' | 'putSite'> &
    Pick<Remote<BucketCalls>, 'bucketObject' | 'bucketPage'> &
    Pick<Remote<MultipartCalls>, 'multiparts' | 'parts'>;
  readonly store: Pick<ObjectStore, 'open'>;
  readonly objects: BucketObjects;
  readonly uploads: MultipartUploads;
  readonly markers: CommitMarkers;
  readonly committer: Pick<Committer, 'deleteSite'>;
  readonly allowance: LogAllowance;
  readonly noteAct: NoteAct;
  readonly trustedProxies: readonly Cidr[];
}
