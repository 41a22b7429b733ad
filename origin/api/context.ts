import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Clock } from '../../shared/clock.ts';
import type { ManifestReader } from '../../shared/content/manifest/reading.ts';
import type { Cidr } from '../../shared/http/ip-address.ts';
import type { Scrape } from '../../shared/process/exposition.ts';
import type { Remote } from '../../shared/process/thread.ts';
import { nameSchema } from '../../shared/site/names.ts';
import type { OriginCertificate } from '../../shared/wire/origin-certificate.ts';
import type { FailedAttempts } from '../access/failed-attempts.ts';
import type { Need } from '../access/permission.ts';
import type { TokenUse } from '../access/token-use.ts';
import type { TokenIssuer } from '../access/tokens.ts';
import type { NoteAct } from '../callers/acts.ts';
import type { AliasReads } from '../catalog/alias-calls.ts';
import type { ContentReads } from '../catalog/content-calls.ts';
import type { DeployCalls } from '../catalog/deploy-calls.ts';
import type { FleetCalls } from '../catalog/fleet-calls.ts';
import type { LogReads } from '../catalog/log-calls.ts';
import type { PurgeCalls } from '../catalog/purge-calls.ts';
import type { ReceiptCalls } from '../catalog/receipt-calls.ts';
import type { PastCalls } from '../catalog/retention-calls.ts';
import type { RevisionReads } from '../catalog/revision-calls.ts';
import type { SiteCalls } from '../catalog/site-calls.ts';
import type { TokenCalls } from '../catalog/token-calls.ts';
import type { EventReads } from '../events/event-reads.ts';
import type { FollowerPlaces } from '../events/follower-places.ts';
import type { Webhooks } from '../events/webhooks/webhooks.ts';
import type { FleetView } from '../fleet/fleet.ts';
import type { ReceiptExport } from '../fleet/receipt-export.ts';
import type { Archives } from '../ingest/archives.ts';
import type { ObjectIntake } from '../ingest/object-intake.ts';
import type { RequestKeys } from '../ingest/request-keys.ts';
import type { ResumableUploads } from '../ingest/resumable-uploads.ts';
import type { SiteFiles } from '../ingest/site-files.ts';
import type { UploadsAhead } from '../ingest/uploads-ahead.ts';
import type { StoreMigration } from '../migration/store-migration.ts';
import type { Committer } from '../publish/commit.ts';
import type { LogAllowance } from '../publish/log-allowance.ts';
import type { Rollouts } from '../publish/rollouts.ts';
import type { SyncEdges } from '../publish/sync-edges.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import type { Retention } from '../retention/retention.ts';
import type { Tasks } from '../tasks/tasks.ts';
import type { StoreVerifier } from '../verify/store-verifier.ts';
import { type Authenticator, authorize } from './authorize.ts';

/**
 * The calls of the catalog that the routes make themselves. Only holders of a site's lock delete the site or make
 * revisions.
 */
type ApiCatalog = Remote<DeployCalls & TokenCalls> &
  Pick<Remote<SiteCalls>, 'sites' | 'siteNamed' | 'putSite'> &
  Pick<Remote<RevisionReads>, 'revisions' | 'revision'> &
  Pick<Remote<ManifestReader>, 'entryAt' | 'manifestPage' | 'diffPage'> &
  Remote<ContentReads> &
  Pick<Remote<AliasReads>, 'aliases' | 'alias'> &
  Pick<Remote<LogReads>, 'head' | 'records' | 'newestRecords'> &
  Pick<Remote<PurgeCalls>, 'addPurges' | 'purge'> &
  Pick<Remote<FleetCalls>, 'createReplacement'> &
  Pick<Remote<ReceiptCalls>, 'receipts'> &
  Pick<Remote<PastCalls>, 'pin'>;

/** The parts of the origin that the routes call. */
export interface ApiContext {
  readonly catalog: ApiCatalog;
  readonly clock: Clock;
  readonly committer: Committer;
  readonly rollouts: Rollouts;
  readonly allowance: LogAllowance;
  readonly intake: ObjectIntake;
  readonly ahead: Pick<UploadsAhead, 'offerRest'>;
  readonly uploads: Pick<ResumableUploads, 'progress' | 'put' | 'append' | 'cancel'>;
  readonly files: SiteFiles;
  readonly archives: Pick<Archives, 'publish'>;
  readonly keys: Pick<RequestKeys, 'deployOf'>;
  readonly fleet: FleetView & Pick<SyncEdges, 'refusesWithoutLease'>;
  readonly receiptExport: ReceiptExport;
  readonly retention: Retention;
  readonly verifier: Pick<StoreVerifier, 'verifyNow' | 'status'>;
  readonly migration: Pick<StoreMigration, 'begin' | 'cancel' | 'dropOld' | 'forget' | 'status'>;
  readonly tasks: Tasks;
  readonly reconciler: Pick<Reconciler, 'plan'>;
  readonly noteAct: NoteAct;
  readonly events: EventReads;
  /** Limits the number of open event streams. */
  readonly followers: FollowerPlaces;
  readonly webhooks: Pick<Webhooks, 'list' | 'get' | 'set' | 'delete' | 'deliveries'>;
  /** Returns the text of `/metrics`. */
  readonly scrape: Scrape;
  readonly attempts: FailedAttempts;
  readonly tokenUse: TokenUse;
  readonly tokens: TokenIssuer;
  readonly version: string;
  /** The certificate that this server shows. Null for plain HTTP. */
  readonly certificate: () => OriginCertificate | null;
  /** Whether only programs on this machine can reach the server. If not, `/metrics` needs a token. */
  readonly isLoopback: boolean;
  /** The proxies that are trusted to name their clients. */
  readonly trustedProxies: readonly Cidr[];
  /** Aborts when the origin stops. Streams then end. */
  readonly stopping: AbortSignal;
}

/** The answer of a route that only says that it is done. */
export const doneAnswer = { 204: Type.Unsafe<unknown>({ type: 'null', description: 'Done.' }) };

export const siteParams = Type.Object({ site: nameSchema });

/** A hook that runs before the body is read. */
export function needs(
  context: Authenticator,
  need: (params: Record<string, string>, query: unknown, request: FastifyRequest) => Need,
) {
  return async (request: FastifyRequest): Promise<void> => {
    const { params, query } = request;
    const needed = need(params as Record<string, string>, query, request);
    request.token = await authorize(request, needed, context);
  };
}

export const needsAdmin = (context: ApiContext) => needs(context, () => ({ kind: 'admin' }));
export const needsRead = (context: ApiContext) => needs(context, () => ({ kind: 'read' }));
export const needsOverview = (context: ApiContext) => needs(context, () => ({ kind: 'overview' }));
export const needsSiteRead = (context: ApiContext) =>
  needs(context, ({ site = '' }) => ({ kind: 'read-site', site }));
/** The right to publish the site or a part of it. The commit decides whether that part is enough. */
export const needsUpload = (context: ApiContext) =>
  needs(context, ({ site = '' }) => ({ kind: 'upload', site }));
export const needsPublish = (context: ApiContext) =>
  needs(context, ({ site = '' }) => ({ kind: 'publish', site }));
