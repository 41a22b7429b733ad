import type { BucketReader } from '../../shared/content/manifest/buckets.ts';
import type { ObjectNames } from '../../shared/content/manifest/object-names.ts';
import type { ManifestReader } from '../../shared/content/manifest/reading.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { AliasCalls } from './alias-calls.ts';
import type { BucketCalls } from './bucket-calls.ts';
import type { ContentReads } from './content-calls.ts';
import type { DamageCalls } from './damage-calls.ts';
import type { DeployCalls } from './deploy-calls.ts';
import type { EventCalls } from './event-calls.ts';
import type { EvidenceCalls } from './evidence-calls.ts';
import type { FleetCalls } from './fleet-calls.ts';
import type { LogCalls } from './log-calls.ts';
import type { MultipartCalls } from './multipart-calls.ts';
import type { ObjectCalls } from './object-calls.ts';
import type { PublishCalls } from './publish-calls.ts';
import type { PurgeCalls } from './purge-calls.ts';
import type { ReceiptCalls } from './receipt-calls.ts';
import type { RetentionCalls } from './retention-calls.ts';
import type { LagReads, RevisionReads } from './revision-calls.ts';
import type { RolloutCalls } from './rollout-calls.ts';
import type { SiteCalls } from './site-calls.ts';
import type { StagingCalls } from './staging-calls.ts';
import type { TaskCalls } from './task-calls.ts';
import type { TokenCalls } from './token-calls.ts';
import type { WebhookCalls } from './webhook-calls.ts';

/**
 * The origin's catalog. Every method is one transaction. effects.ts says which changes a loss of power may undo, and
 * which methods append to the log. Calls of one caller run in the order in which they were made (`inTurns` shares one
 * thread between several callers). Callers split long work into pages, so that no call takes long.
 *
 * A call that throws has changed nothing. A catalog that loses its connection while it commits first finds out whether
 * the transaction was committed (PostgreSQL: `pg_xact_status`), and answers or throws accordingly. Until it knows, the
 * call does not end. Callers rely on this: they undo what they did for a call that threw.
 *
 * Only code that implements, wraps or opens a catalog uses this type. All other code names the calls that it makes.
 */
export type Catalog = Remote<CatalogCalls>;

export interface OpenCatalog {
  readonly catalog: Catalog;
  /** Closes the catalog and everything that it has opened. */
  close(): Promise<void>;
}

export type CatalogCalls = LogCalls &
  SiteCalls &
  RevisionReads &
  LagReads &
  StagingCalls &
  PublishCalls &
  AliasCalls &
  RolloutCalls &
  ObjectCalls &
  DamageCalls &
  DeployCalls &
  BucketCalls &
  MultipartCalls &
  TokenCalls &
  FleetCalls &
  ReceiptCalls &
  PurgeCalls &
  EvidenceCalls &
  EventCalls &
  WebhookCalls &
  RetentionCalls &
  TaskCalls &
  ManifestReader &
  ContentReads &
  ObjectNames &
  BucketReader & {
    /** Closes the catalog. No call may follow. */
    close(): void;
  };
