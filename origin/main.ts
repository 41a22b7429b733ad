import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { type Clock, systemClock } from '../shared/clock.ts';
import { InProcessGate } from '../shared/concurrency/gate.ts';
import { KeyedLock } from '../shared/concurrency/keyed-lock.ts';
import { Wakeup } from '../shared/concurrency/wakeup.ts';
import { Encodings } from '../shared/delta/encodings.ts';
import { SkerryError } from '../shared/errors.ts';
import { feedRoutes } from '../shared/feed/feed-routes.ts';
import { ReportCalls } from '../shared/feed/report-calls.ts';
import { openDataFolder } from '../shared/files/data-folder.ts';
import { writeDurably } from '../shared/files/durable-file.ts';
import { startHashThreads } from '../shared/hashing/hash-threads.ts';
import { drainServer } from '../shared/http/drain-server.ts';
import type { Cidr } from '../shared/http/ip-address.ts';
import { freePort, listen } from '../shared/http/listen.ts';
import { isLoopback } from '../shared/http/loopback.ts';
import { loadedAtFirstScrape } from '../shared/process/exposition.ts';
import { collectOnceQuiet } from '../shared/process/idle-memory.ts';
import { alwaysTold } from '../shared/process/logger.ts';
import { ReportChecks, startReportCheckers } from '../shared/reports/report-checks.ts';
import { keyInFile } from '../shared/signing/key-file.ts';
import { fingerprintOf, type PublicKey, signingKeyToPem } from '../shared/signing/keys.ts';
import { dropDrafts } from '../shared/store/leftover-drafts.ts';
import { version } from '../shared/version.ts';
import { FailedAttempts } from './access/failed-attempts.ts';
import { tokenSecrets } from './access/token-secrets.ts';
import { TokenUse } from './access/token-use.ts';
import { createToken, type TokenIssuer } from './access/tokens.ts';
import { ADMIN_TOKEN_FILE } from './admin-token.ts';
import type { ApiContext } from './api/context.ts';
import { buildApi } from './api/server.ts';
import { originCertificates } from './authority/origin-certificates.ts';
import { type TransportOptions, transportOf } from './authority/transport.ts';
import { HeldCommits } from './buckets/held-commits.ts';
import { actLog } from './callers/acts.ts';
import { wakingAfterAppends } from './catalog/append-wakes.ts';
import type { Catalog } from './catalog/catalog.ts';
import { inTurns } from './catalog/catalog-turns.ts';
import { openManifestReads, openSqliteCatalog } from './catalog/sqlite/sqlite-catalog.ts';
import { EventReads } from './events/event-reads.ts';
import { Events } from './events/events.ts';
import { FollowerPlaces } from './events/follower-places.ts';
import { Webhooks } from './events/webhooks/webhooks.ts';
import { Divergence } from './fleet/divergence.ts';
import { originFeed } from './fleet/feed.ts';
import { watchHealth } from './fleet/health-watch.ts';
import { holdersOf } from './fleet/holder.ts';
import { hotObjects } from './fleet/hot-objects.ts';
import { InProcessFleet } from './fleet/in-process-fleet.ts';
import { ReceiptExport } from './fleet/receipt-export.ts';
import { rolloutFleet } from './fleet/rollout-edges.ts';
import { foundLog } from './founding.ts';
import { Archives } from './ingest/archives.ts';
import { FileChanges } from './ingest/file-changes.ts';
import { ObjectIntake } from './ingest/object-intake.ts';
import { placeOf } from './ingest/partial-plan.ts';
import { RepairUploads } from './ingest/repair-uploads.ts';
import { RequestKeys } from './ingest/request-keys.ts';
import { ResumableUploads } from './ingest/resumable-uploads.ts';
import { SiteFiles } from './ingest/site-files.ts';
import { UploadsAhead } from './ingest/uploads-ahead.ts';
import { StoreMigration } from './migration/store-migration.ts';
import { removeExpiredAliases } from './publish/alias-expiry.ts';
import { Committer } from './publish/commit.ts';
import { LogAllowance } from './publish/log-allowance.ts';
import { endOrphans } from './publish/recover.ts';
import { Rollouts } from './publish/rollouts.ts';
import { RuleCheck } from './publish/rule-check.ts';
import { keepWindows } from './publish/windows.ts';
import { Reconciler } from './reconcile/reconciler.ts';
import { StoreRepair } from './reconcile/store-repair.ts';
import { Retention } from './retention/retention.ts';
import { Consents } from './rollout/consents.ts';
import { RolloutDriver } from './rollout/driver.ts';
import { openStore } from './store/open-store.ts';
import { storePlace } from './store/place.ts';
import { writePlaces } from './store/places-file.ts';
import type { S3Location } from './store/s3/location.ts';
import { TaskBoard } from './tasks/task-board.ts';
import { Tasks } from './tasks/tasks.ts';
import { StoreVerifier } from './verify/store-verifier.ts';

export interface OriginOptions extends TransportOptions {
  readonly data: string;
  readonly port: number;
  /** The port of the S3-compatible API. Without one, the origin does not offer it. */
  readonly s3Port?: number | undefined;
  /** The bucket that keeps the objects. Without one, the data folder keeps them. */
  readonly store?: S3Location | undefined;
  /** Appends to the log even if edges have records that it lacks. */
  readonly acceptDivergence?: boolean;
  /** The proxies in front of the origin that are trusted to name their clients. */
  readonly trustedProxy?: readonly Cidr[];
  /** Lets webhooks be sent without TLS. */
  readonly webhookAllowHttp?: boolean;
  /** Lets webhooks be sent to addresses that are not public. */
  readonly webhookAllowPrivate?: boolean;
}

export interface Running {
  readonly url: string;
  /** The address of the S3-compatible API, if there is one. */
  readonly s3Url?: string | undefined;
  close(): Promise<void>;
}

/** At most this many streams of events are open at a time. */
const MOST_STREAMS = { perToken: 20, all: 200 };
/** The limits for encoding the bundles and deltas that many edges request, and for keeping the results. */
const ENCODINGS = { threads: 1, bytes: 64 * 1024 * 1024 };

/** Builds an origin from its parts and starts it. When a part fails, closes what has been opened. */
export async function startOrigin(
  options: OriginOptions,
  log: Logger,
  clock: Clock = systemClock,
): Promise<Running> {
  await using opened = new AsyncDisposableStack();
  const transport = transportOf(options);
  await freePort(options);
  if (options.s3Port !== undefined) await freePort({ host: options.host, port: options.s3Port });
  const folder = await openDataFolder(options.data, 'origin');
  opened.defer(() => folder.release());

  // The store is opened first, so that no log is created if objects cannot be stored.
  const hashThreads = startHashThreads();
  opened.defer(() => hashThreads.close());
  const objects = join(folder.path, 'objects');
  await mkdir(objects, { recursive: true });
  // Removes drafts of uploads that a crash interrupted, except large ones that a client can go on with.
  const leftDrafts = await dropDrafts(objects, (name) => placeOf(name) === undefined);
  const place = (url: string) => storePlace(url, objects, hashThreads);
  const { store, places } = await openStore(folder.path, options.store?.url, place, log);
  opened.defer(() => store.close());

  const catalogFile = join(folder.path, 'catalog.sqlite');
  const tokenFile = join(folder.path, ADMIN_TOKEN_FILE);
  // The catalog file shows that a log has been created, because the embedded catalog cannot be opened without the key.
  // A catalog on a database server would ask its database before a key is created.
  const isFounded = await exists(catalogFile);
  // The first start writes the token last, so if there is a token, a log has been created.
  if ((await exists(tokenFile)) && !isFounded)
    throw new SkerryError('data-folder-damaged', `${catalogFile} is missing`);
  const key = await keyInFile(join(folder.path, 'signing-key.pem'), isFounded);
  const embedded = openSqliteCatalog({ file: catalogFile, key: signingKeyToPem(key) });
  opened.defer(() => embedded.close());
  const appended = new Wakeup();
  const turns = inTurns(embedded.catalog);
  opened.defer(() => turns.close());
  const catalog = wakingAfterAppends(turns.catalog, appended);
  const events = new Events({ catalog, clock, log });
  opened.defer(() => events.close());
  const identity = await foundLog(catalog, key, folder.path);
  if (identity.key.publicKey !== key.publicKey)
    throw new SkerryError(
      'data-folder-damaged',
      `signing-key.pem and catalog.sqlite in ${folder.path} do not belong to the same log`,
    );
  const recovery = fingerprintOf(identity.key.recoveryKey as PublicKey);
  const tokens = { recovery, secretOf: await tokenSecrets(join(folder.path, 'token-key')) };
  await leaveAdminToken(catalog, tokenFile, tokens);
  const certificates = await originCertificates(transport, {
    ...{ folder: folder.path, host: options.host, log, clock },
    identity: { log: identity.log, recovery },
  });

  const second = openManifestReads(catalogFile);
  opened.defer(() => second.close());
  const encodings = Encodings.start(ENCODINGS);
  opened.defer(() => encodings.close());

  const reports = startReportCheckers(identity.log);
  opened.defer(() => reports.close());
  const checks = new ReportChecks(reports, 'reportWithStatements', clock);
  const divergence = new Divergence({
    ...{ catalog, log: identity.log, epoch: identity.epoch, publicKey: key.publicKey },
    isAccepted: options.acceptDivergence ?? false,
  });
  const calls = new ReportCalls();
  const call = (edges: readonly string[]) => {
    calls.call(edges);
    appended.wake();
  };
  const board = await TaskBoard.open({
    ...{ catalog, clock, log, note: (event) => events.note(event) },
    edges: () => fleet.taskEdges(),
    counted(task, share) {
      reconciler.counted(task, share);
      storeRepair.wake();
    },
    call,
  });
  const fleet = await InProcessFleet.open({
    ...{ catalog, clock, identity, key, checks, divergence, tasks: board },
  });
  fleet.changed.always(() => board.wake());
  const stopping = new AbortController();
  /** What runs until the origin stops is waited for when it does. */
  const waitedFor = (running: Promise<unknown> | undefined) =>
    opened.defer(async () => {
      stopping.abort();
      await running;
    });
  const tasks = new Tasks({ board, catalog, clock, edges: () => fleet.taskEdges() });
  const reconciler = new Reconciler({
    ...{ tasks, catalog, clock, log, note: (event) => events.note(event) },
    edges: () => fleet.observedEdges(),
    hot: () => hotObjects([...fleet.records.values()], catalog, clock.monotonic()),
    pruned: (edge, ago) => fleet.pruned(edge, ago),
  });
  const storeRepair = new StoreRepair({
    ...{ tasks, catalog, clock, log, note: (event) => events.note(event) },
    holders: () => holdersOf(fleet.records, clock.monotonic()),
  });
  const gate = new InProcessGate();
  const verifier = await StoreVerifier.open({
    ...{ catalog, store, gate, clock, log, note: (event) => events.note(event) },
    found: () => storeRepair.wake(),
  });
  const migration = new StoreMigration(
    {
      ...{ catalog, store, gate, place, clock, log, note: (event) => events.note(event) },
      save: (next) => writePlaces(folder.path, next),
      verify: () => void verifier.verifyNow().catch(() => {}),
    },
    places,
  );
  const eventReads = new EventReads({ catalog, clock, stored: events.stored });
  waitedFor(
    Promise.all([
      ...[board, reconciler, storeRepair, verifier, migration].map((loop) => loop.run(stopping.signal)),
      watchHealth(
        {
          ...{ events: eventReads, clock, log, note: (event) => events.note(event) },
          judged: () => fleet.judged(),
          before: fleet.toldBefore,
        },
        stopping.signal,
      ),
    ]),
  );
  const sites = new KeyedLock<number>();
  const publishing = { catalog, clock, edges: fleet, sites, stopping: stopping.signal };
  await endOrphans({ catalog, clock, sites });
  const rules = new RuleCheck(store, hashThreads.remote.ruleFaults);
  const committer = new Committer(publishing, rules);
  const rollouts = new Rollouts({ catalog, clock, sites, committer });
  const retention = new Retention({
    ...{ catalog, store, clock, gate, runs: new KeyedLock<'prune'>() },
    stopping: stopping.signal,
  });
  waitedFor(retention.keepRunning(log));
  waitedFor(
    keepWindows({
      ...{ catalog, clock, committer, stopping: stopping.signal },
      failed: (err) => log.error({ err }, 'a batch window could not be opened; the origin tries again'),
    }),
  );
  waitedFor(
    removeExpiredAliases({
      ...{ catalog, clock, committer, stopping: stopping.signal },
      expired: ({ siteName: site, name }) =>
        events.note({ kind: 'alias-expired', site, cause: 'its time was over', what: { alias: name } }),
      failed: (err) => log.error({ err }, 'an expired alias could not be removed; the origin tries again'),
    }),
  );
  const noteAct = actLog(alwaysTold(log), events);
  const webhooks = await Webhooks.open({
    ...{ catalog, clock, log, events: eventReads, stored: events.stored, notes: events },
    rules: {
      allowHttp: options.webhookAllowHttp ?? false,
      allowPrivate: options.webhookAllowPrivate ?? false,
    },
  });
  opened.defer(() => webhooks.close());
  const driver = new RolloutDriver({
    ...{ rollouts, catalog, clock, log, note: (event) => events.note(event) },
    fleet: rolloutFleet(fleet, clock),
    begun: committer.rolledOut,
    consents: new Consents({
      ...{ clock, stopping: stopping.signal },
      ask: (name, data, signal) => webhooks.ask(name, { type: 'rollout-question', data }, signal),
    }),
    call,
  });
  waitedFor(driver.run(stopping.signal));
  const attempts = new FailedAttempts(clock);
  const followers = new FollowerPlaces(MOST_STREAMS);
  const uploadsAhead = new UploadsAhead({ catalog, identity, key, appended });
  const intake = new ObjectIntake(store, catalog, clock, gate, uploadsAhead.note);
  const uploads = new ResumableUploads({ store, catalog, intake, clock }, leftDrafts);
  waitedFor(uploads.run(stopping.signal));
  const keys = new RequestKeys(catalog, clock);
  const spool = join(folder.path, 'spool');
  await mkdir(spool, { recursive: true });
  const changes = new FileChanges(catalog, committer, clock);
  const context: ApiContext = {
    catalog,
    clock,
    committer,
    rollouts,
    allowance: new LogAllowance(clock),
    intake,
    ahead: uploadsAhead,
    uploads,
    archives: new Archives({
      ...{ catalog, clock, intake, committer, keys, noteAct, spool },
      ahead: uploadsAhead,
    }),
    keys,
    files: new SiteFiles({ catalog, store, intake, rules, changes, noteAct }),
    fleet,
    receiptExport: new ReceiptExport({ catalog, clock, identity, key }),
    retention,
    verifier,
    migration,
    tasks,
    reconciler,
    noteAct,
    events: eventReads,
    followers,
    webhooks,
    scrape: loadedAtFirstScrape(async () => {
      const { originMetrics } = await import('./api/origin-metrics.ts');
      return originMetrics(folder.path, {
        ...{ catalog, clock, fleet, retention, followers, webhooks, verifier, migration, attempts },
        certificate: context.certificate,
      });
    }),
    attempts,
    tokenUse: new TokenUse(catalog),
    tokens,
    version,
    certificate: () =>
      certificates === undefined ? null : { kind: certificates.kind, expires: certificates.expires },
    isLoopback: isLoopback(options.host),
    trustedProxies: options.trustedProxy ?? [],
    stopping: stopping.signal,
  };
  waitedFor(certificates?.run(stopping.signal));
  const app = await buildApi(context, log, certificates);
  opened.defer(() => drainServer(app));
  opened.defer(() => stopping.abort());
  await app.register(async (scope) => {
    feedRoutes(
      scope as typeof app,
      originFeed({
        ...{ catalog, encodings, fleet, appended, calls, noteAct, clock, identity },
        ...{ manifests: second.manifests, objects: store, ahead: uploadsAhead.ahead },
        uploads: new RepairUploads({ tasks: board, catalog, store, gate, clock }),
        signingKey: key,
      }),
      stopping.signal,
    );
  });
  const scheme = certificates === undefined ? 'http' : 'https';
  // Changes that S3 clients made before may wait for their revision, whether the port is open or not.
  const held = new HeldCommits({ catalog, committer, clock, log, noteAct });
  opened.defer(() => held.close());
  await held.start();
  const { s3Port } = options;
  let s3Url: string | undefined;
  if (s3Port !== undefined) {
    // Without this API, its libraries are not loaded.
    const { openS3Door } = await import('./s3-door/open.ts');
    const parts = { ...context, store, rules, held, gate, secretOf: tokens.secretOf };
    const s3 = await openS3Door({ ...parts, catalog }, log, certificates);
    opened.defer(() => drainServer(s3));
    s3Url = await listen(s3, { host: options.host, port: s3Port }, scheme);
  }
  const url = await listen(app, { host: options.host, port: options.port }, scheme);
  opened.defer(collectOnceQuiet());

  const running = opened.move();
  return { url, s3Url, close: () => running.disposeAsync() };
}

async function leaveAdminToken(catalog: Catalog, file: string, tokens: TokenIssuer) {
  if (await exists(file)) return;
  const { token } = await createToken(catalog, systemClock, { scope: 'admin' }, tokens);
  await writeDurably(file, `${token}\n`);
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
