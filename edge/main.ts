import { randomBytes } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join as joinPath, resolve } from 'node:path';
import type { Logger } from 'pino';
import { systemClock } from '../shared/clock.ts';
import { Encodings } from '../shared/delta/encodings.ts';
import { SkerryError, systemCode } from '../shared/errors.ts';
import { feedRoutes } from '../shared/feed/feed-routes.ts';
import { openDataFolder } from '../shared/files/data-folder.ts';
import { startHashThreads } from '../shared/hashing/hash-threads.ts';
import { httpServer } from '../shared/http/http-server.ts';
import { freePort, listen } from '../shared/http/listen.ts';
import { isLoopback } from '../shared/http/loopback.ts';
import { loadedAtFirstScrape } from '../shared/process/exposition.ts';
import { collectOnceQuiet } from '../shared/process/idle-memory.ts';
import { moduleUrl } from '../shared/process/module-url.ts';
import type { NewestLines } from '../shared/process/newest-lines.ts';
import { yieldToReaders } from '../shared/process/priority.ts';
import { STAYS, startThreads } from '../shared/process/thread.ts';
import { ReportChecks, startReportCheckers } from '../shared/reports/report-checks.ts';
import { keyInFile } from '../shared/signing/key-file.ts';
import { openFileObjectStore } from '../shared/store/file-object-store.ts';
import { isPartialName } from '../shared/store/layout.ts';
import { dropDrafts } from '../shared/store/leftover-drafts.ts';
import { unchanging } from '../shared/tls/server-certificates.ts';
import type { EdgeLimits } from '../shared/wire/protocol.ts';
import { Visible } from './activate/visible.ts';
import { buildAdmin } from './admin/admin.ts';
import type { AdminAccess } from './admin/admin-access.ts';
import { adminTokenIn, EDGE_ADMIN_TOKEN_FILE } from './admin/admin-token.ts';
import type { HeldObjects } from './disk-budget/held-objects.worker.ts';
import type { LazyOptions } from './disk-budget/lazy-storage.ts';
import { memberCertificate } from './feed/member-certificate.ts';
import { LogTime } from './follow/log/log-time.ts';
import { showsAliases } from './follow/sync/alias-plan.ts';
import { allowedSites } from './follow/sync/allowed-sites.ts';
import { isWanted } from './follow/sync/next-step-plan.ts';
import { joinLog } from './follow/upstream/first-join.ts';
import { readIdentity, writeIdentity } from './follow/upstream/identity.ts';
import type { JoinOptions } from './follow/upstream/join.ts';
import { checkUpstream } from './follow/upstream/upstream-address.ts';
import { Upstreams, upstreamAddresses } from './follow/upstream/upstreams.ts';
import type { AccessLogOptions, ClientLimitOptions, ProxyOptions, TlsOptions } from './messages/options.ts';
import { EdgeUseSampler } from './processes/edge-use.ts';
import { servingPort } from './processes/orphans.ts';
import { type Switchboard, startSwitchboard } from './processes/switchboard.ts';
import type { ReadThrough } from './read-through/read-through.ts';
import { ServingReads } from './read-through/serving-reads.ts';
import { startReplica } from './replica/replica.ts';
import { selfRequests } from './replica/self-request.ts';
import { CertificateFolder } from './serve/tls/certificate-folder.ts';
import { openEdgeCatalog } from './store/sqlite/open-catalog.ts';
import { forgettingVariants, tellingVariants } from './variants/variant-upkeep.ts';
import { Variants } from './variants/variants.ts';

export interface EdgeOptions {
  readonly data: string;
  readonly host: string;
  readonly port: number;
  /** The address of the admin port, loopback by default. On any other address, callers need the edge's own token. */
  readonly adminHost?: string;
  readonly adminPort: number;
  /** Host names, in addition to those of loopback, that the admin port accepts. */
  readonly adminNames?: readonly string[];
  /** If set, the edge also serves HTTPS, with the certificates in a folder. */
  readonly tls?: { readonly port: number; readonly certs: string };
  readonly accessLog?: AccessLogOptions;
  /** The limits for one client, summed over all serving processes. */
  readonly clients: ClientLimitOptions;
  readonly proxies: ProxyOptions;
  /** The port of the feed for children. Without it, this edge is not a parent. */
  readonly feedPort?: number;
  /** The number of serving processes. */
  readonly processes: number;
  /** Needed at the first start, and ignored once the edge has joined. */
  readonly join?: Omit<JoinOptions, 'token'> & { readonly token: () => Promise<string> };
  /** The current address of the origin, if it has changed since the edge joined. */
  readonly origin?: string;
  /** The feeds to follow instead of the origin's, in order of preference. */
  readonly parents: readonly string[];
  readonly limits: EdgeLimits;
  /**
   * The certificates of certificate authorities (CAs) as PEM, for upstreams whose certificate is neither the origin's
   * own nor a member's.
   */
  readonly ca?: string | undefined;
  /** True if something else protects the traffic with upstreams and children beyond loopback. */
  readonly insecure?: boolean;
  /** The disk space for objects when `limits.storage` is lazy. */
  readonly diskBytes: number;
}

export interface RunningEdge {
  readonly name: string;
  readonly url: string;
  readonly adminUrl: string;
  /** The file of the token that callers need. Undefined on loopback. */
  readonly adminTokenFile: string | undefined;
  /** Resolves with the reason when the edge has to end because the origin has revoked it. */
  readonly revoked: Promise<SkerryError>;
  close(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';
/** The disk space for compressed variants. */
const VARIANT_BYTES = 1024 * 1024 * 1024;
/** The threads and the memory for the encodings that a parent creates and caches for its children. */
const ENCODINGS = { threads: 1, bytes: 64 * 1024 * 1024 };

/**
 * Builds an edge from its parts and starts it. If a part fails, those that have been opened are closed again.
 * `newestLines` holds the newest lines of `log`.
 */
export async function startEdge(
  options: EdgeOptions,
  log: Logger,
  newestLines: NewestLines,
): Promise<RunningEdge> {
  await using opened = new AsyncDisposableStack();
  const clock = systemClock;
  const { host, feedPort, limits, ca } = options;
  const adminAddress = { host: options.adminHost ?? LOOPBACK, port: options.adminPort };
  const port = await servingPort(options, options.data, clock);
  await freePort(adminAddress);
  if (feedPort !== undefined) await freePort({ host, port: feedPort });
  const certificates = options.tls && (await openCertificates(host, options.tls, log));
  const tls = options.tls && tlsOptions(options.tls);
  if (options.accessLog !== undefined) await checkWritable(options.accessLog.file);
  const folder = await openDataFolder(options.data, 'edge');
  opened.defer(() => folder.release());
  const file = (name: string) => joinPath(folder.path, name);

  const { catalog, close: closeCatalog } = openEdgeCatalog(file('catalog.sqlite'));
  opened.defer(closeCatalog);
  if (await catalog.isRevoked()) throw revoked((await readIdentity(file('identity.json')))?.name);
  // The files of partial objects are useless after a restart, because nothing records which of their bytes have been
  // written.
  await dropDrafts(file('objects'), isPartialName);
  const hashThreads = startHashThreads(1);
  opened.defer(() => hashThreads.close());
  await mkdir(file('objects'), { recursive: true });
  const store = await openFileObjectStore(file('objects'), hashThreads);
  opened.defer(() => store.close());

  const joined = await readIdentity(file('identity.json'));
  // The chain is stored before the identity, and following the log continues from that chain.
  if (joined !== undefined && (await catalog.chain()) === undefined)
    throw new SkerryError(
      'data-folder-damaged',
      `the catalog in ${folder.path} does not belong to an edge that has joined`,
    );
  // The key is stored before the first attempt to join, so that the origin recognises a repeated attempt.
  const key = await keyInFile(file('edge-key.pem'), joined !== undefined);
  const origin = options.origin ?? joined?.origin ?? options.join?.origin;
  const followed = [...options.parents, ...(origin === undefined ? [] : [origin])];
  for (const url of followed) checkUpstream(url, options.insecure ?? false);
  const first = { options: options.join, identityFile: file('identity.json'), key, catalog, ca, clock };
  const identity = joined ?? (await joinLog(first));
  const time = await LogTime.open(catalog, clock, log);
  const chain = await catalog.chain();
  const address = options.origin ?? identity.origin;
  // The origin has moved. The new address is saved for later starts.
  if (address !== identity.origin)
    await writeIdentity(file('identity.json'), { ...identity, origin: address });
  const upstreams = new Upstreams(upstreamAddresses(options.parents, address), clock, address, {
    trust: { ca, recovery: chain?.recovery },
  });
  upstreams.roster.set(identity.members ?? [], identity.name);
  opened.defer(() => upstreams.close());

  const isLazy = limits.storage === 'lazy';
  const members = await catalog.members();
  const sites = allowedSites(limits.sites, identity.name, members);
  const own = members.find(({ name }) => name === identity.name);
  const variants = await Variants.open({
    place: { folder: folder.path, bytes: VARIANT_BYTES },
    catalog,
    isLazy,
    changed: (sources) => switchboard.variantsChanged(sources),
    clock,
    log,
  });
  opened.defer(() => variants.close());
  const reads = Promise.withResolvers<ReadThrough>();
  const switchboard: Switchboard = await startSwitchboard({
    serving: {
      folder: folder.path,
      host,
      port,
      tls,
      accessLog: options.accessLog,
      clients: shareOf(options.clients, options.processes),
      proxies: options.proxies,
      isLazy,
    },
    processes: options.processes,
    views: await Visible.views(catalog, (site) => isWanted(site, { sites }), {
      ...{ name: identity.name, isLapsed: false, showsAliases: showsAliases(limits) },
      keepsUp: limits.delay === 0 && limits.schedule === null && !(own?.paused ?? false),
    }),
    ahead: time.ahead,
    isDrained: own?.drained ?? false,
    wanted: (entries) => variants.wanted(entries),
    reads: (tell) => new ServingReads(reads.promise, tell),
    clock,
    log,
  });
  opened.defer(() => switchboard.close());
  const lazy = isLazy ? await lazyOptions(options, folder.path, () => switchboard.use(), opened) : undefined;
  yieldToReaders();
  const encodings = feedPort === undefined ? undefined : Encodings.start(ENCODINGS);
  if (encodings !== undefined) opened.defer(() => encodings.close());
  const reports = feedPort === undefined || chain === undefined ? undefined : startReportCheckers(chain.log);
  if (reports !== undefined) opened.defer(() => reports.close());
  const expiries = async () => {
    await certificates?.refresh();
    return certificates?.expiries ?? new Map<string, number>();
  };
  const use = new EdgeUseSampler({
    dataFolder: folder.path,
    serving: () => switchboard.processUse(),
    counters: () => switchboard.lastCounters(),
    certificates: expiries,
    clock,
  });
  const replica = await startReplica({
    identity,
    key,
    catalog,
    store: forgettingVariants(store, variants),
    upstreams,
    limits,
    readers: tellingVariants(switchboard, variants),
    encodings,
    reportChecks: reports && new ReportChecks(reports, 'report', clock),
    lazy,
    use: () => use.latest(),
    trials: {
      counters: () => switchboard.counters(),
      lastCounters: () => switchboard.lastCounters(),
      deaths: () => switchboard.deaths(),
      answers: selfRequests({ catalog, host: /^(0\.0\.0\.0|::)$/.test(host) ? LOOPBACK : host, port }),
    },
    clock,
    time,
    log,
    newestLines,
  });
  opened.defer(() => replica.close());
  reads.resolve(replica.reads);
  variants.start();

  if (replica.feed !== undefined && feedPort !== undefined) {
    const stopping = new AbortController();
    const isPlain = options.insecure || isLoopback(host);
    const certificates = isPlain ? undefined : unchanging(await memberCertificate(identity.name, key));
    const server = httpServer(log, {
      forceCloseConnections: true,
      certificates,
      trustedProxies: options.proxies.trusted,
    });
    feedRoutes(server, replica.feed, stopping.signal);
    opened.defer(() => server.close());
    opened.defer(() => stopping.abort());
    await listen(server, { host, port: feedPort });
  }
  const adminTokenFile = file(EDGE_ADMIN_TOKEN_FILE);
  const access: AdminAccess = {
    isLoopback: isLoopback(adminAddress.host),
    token: await adminTokenIn(adminTokenFile),
    names: options.adminNames ?? [],
  };
  const scrape = loadedAtFirstScrape(async () => {
    const { edgeMetrics } = await import('./admin/edge-metrics.ts');
    return edgeMetrics({
      dataFolder: folder.path,
      edge: replica,
      counters: () => switchboard.counters(),
      servingProcesses: () => switchboard.processUse(),
      certificates: expiries,
    });
  });
  const admin = buildAdmin(identity, replica, replica.work, scrape, log, access);
  opened.defer(() => admin.close());
  const adminUrl = await listen(admin, adminAddress);
  opened.defer(collectOnceQuiet());

  const parts = opened.move();
  return {
    name: identity.name,
    url: `http://${urlHost(host)}:${port}`,
    adminUrl,
    adminTokenFile: access.isLoopback ? undefined : adminTokenFile,
    revoked: replica.revoked.then(() => revoked(identity.name)),
    close: () => parts.disposeAsync(),
  };
}

function revoked(name = ''): SkerryError {
  return new SkerryError('edge-revoked', `the origin has revoked the edge ${name}`);
}

async function lazyOptions(
  { diskBytes }: EdgeOptions,
  data: string,
  use: LazyOptions['use'],
  opened: AsyncDisposableStack,
): Promise<LazyOptions> {
  const folder = joinPath(data, 'objects');
  const thread = startThreads<HeldObjects>(
    moduleUrl('./disk-budget/held-objects.worker', import.meta.url),
    1,
    {
      file: joinPath(data, 'held.sqlite'),
      folder,
    },
    STAYS,
  );
  opened.defer(async () => {
    await thread.remote.close();
    await thread.close();
  });
  // This call ensures that the index has been compared with the store before anything changes in the store.
  await thread.remote.bytes();
  return { bytes: diskBytes, held: thread.remote, folder, use };
}

async function checkWritable(file: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await (await open(file, 'a', 0o600)).close();
  } catch (cause) {
    throw new SkerryError('bad-config', `cannot write the access log ${file}: ${systemCode(cause)}`, {
      cause,
    });
  }
}

/**
 * The kernel distributes connections randomly among the processes, so each process gets an equal part of the limits.
 */
function shareOf(
  { connections, requestsPerSecond }: ClientLimitOptions,
  processes: number,
): ClientLimitOptions {
  return {
    connections: Math.ceil(connections / processes),
    requestsPerSecond: requestsPerSecond && requestsPerSecond / processes,
  };
}

async function openCertificates(
  host: string,
  { port, certs }: NonNullable<EdgeOptions['tls']>,
  log: Logger,
): Promise<CertificateFolder> {
  await freePort({ host, port });
  const folder = resolve(certs);
  const certificates = new CertificateFolder(folder, log);
  await certificates.refresh();
  if (certificates.certificates.length === 0)
    throw new SkerryError('bad-certificate', `there is no usable certificate in ${folder}`);
  return certificates;
}

function tlsOptions({ port, certs }: NonNullable<EdgeOptions['tls']>): TlsOptions {
  return { port, folder: resolve(certs), ticketKeys: randomBytes(48) };
}

function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
