import type { BucketReader } from '../../shared/content/manifest/buckets.ts';
import type { ObjectNames } from '../../shared/content/manifest/object-names.ts';
import type { ManifestReader } from '../../shared/content/manifest/reading.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { DeployCalls } from './deploy-calls.ts';
import type { FleetCalls } from './fleet-calls.ts';
import type { LogCalls } from './log-calls.ts';
import type { ObjectCalls } from './object-calls.ts';
import type { PublishCalls } from './publish-calls.ts';
import type { PurgeCalls } from './purge-calls.ts';
import type { ReceiptCalls } from './receipt-calls.ts';
import type { RetentionCalls } from './retention-calls.ts';
import type { LagReads, RevisionReads } from './revision-calls.ts';
import type { SiteCalls } from './site-calls.ts';
import type { StagingCalls } from './staging-calls.ts';
import type { TokenCalls } from './token-calls.ts';

/**
 * The origin's catalog. Every method is one transaction; what a loss of power may take of it, and which of them append
 * to the log, is said in effects.ts. Calls of one caller run in the order in which they were made, those of several by
 * turns. Long work is paged by its callers, so that no call is long.
 *
 * Whoever implements, wraps or opens a catalog knows all of it; everybody else asks for the calls that he makes.
 */
export type Catalog = Remote<CatalogCalls>;

export interface OpenCatalog {
  readonly catalog: Catalog;
  /** Ends it, with all that it has opened. */
  close(): Promise<void>;
}

export type CatalogCalls = LogCalls &
  SiteCalls &
  RevisionReads &
  LagReads &
  StagingCalls &
  PublishCalls &
  ObjectCalls &
  DeployCalls &
  TokenCalls &
  FleetCalls &
  ReceiptCalls &
  PurgeCalls &
  RetentionCalls &
  ManifestReader &
  ObjectNames &
  BucketReader & {
    /** Ends it: nothing is asked after that. */
    close(): void;
  };
