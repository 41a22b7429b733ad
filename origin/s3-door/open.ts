import type { Logger } from 'pino';
import type { Gate } from '../../shared/concurrency/gate.ts';
import type { HttpServer } from '../../shared/http/server.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { ObjectStore } from '../../shared/store/object-store.ts';
import type { ServerCertificates } from '../../shared/tls/server-certificates.ts';
import { BucketObjects } from '../buckets/bucket-objects.ts';
import { CommitMarkers } from '../buckets/commit-markers.ts';
import type { HeldCommits } from '../buckets/held-commits.ts';
import { MultipartUploads } from '../buckets/multipart-uploads.ts';
import type { BucketCalls } from '../catalog/bucket-calls.ts';
import type { MultipartCalls } from '../catalog/multipart-calls.ts';
import type { ObjectCalls } from '../catalog/object-calls.ts';
import type { ObjectIntake } from '../ingest/object-intake.ts';
import type { RuleCheck } from '../publish/rule-check.ts';
import type { S3Context } from './context.ts';
import { buildS3Door } from './s3-door.ts';
import { RequestRows } from './signing/request-rows.ts';

/** What the door needs of the origin. */
export interface S3Parts extends Omit<S3Context, 'catalog' | 'rows' | 'objects' | 'uploads' | 'markers'> {
  readonly catalog: S3Context['catalog'] &
    Remote<BucketCalls & MultipartCalls> &
    Pick<Remote<ObjectCalls>, 'addObjects'>;
  readonly store: Pick<ObjectStore, 'open'>;
  readonly intake: Pick<ObjectIntake, 'take' | 'takePart' | 'takeAnd' | 'offer'>;
  readonly rules: Pick<RuleCheck, 'check'>;
  readonly held: HeldCommits;
  readonly gate: Gate;
}

/** Builds the S3-compatible API over the parts of an origin. */
export function openS3Door(
  parts: S3Parts,
  log: Logger,
  certificates: ServerCertificates | undefined,
): Promise<HttpServer> {
  const objects = new BucketObjects(parts);
  const uploads = new MultipartUploads({ ...parts, objects });
  return buildS3Door(
    {
      ...{ ...parts, objects, uploads, markers: new CommitMarkers(parts.held) },
      rows: new RequestRows(parts.catalog),
    },
    log,
    certificates,
  );
}
