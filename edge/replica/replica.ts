import type { Logger } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import { Bandwidth } from '../../shared/concurrency/bandwidth.ts';
import { Gate } from '../../shared/concurrency/gate.ts';
import { KeyedLock } from '../../shared/concurrency/keyed-lock.ts';
import { Wakeup } from '../../shared/concurrency/wakeup.ts';
import type { Digest } from '../../shared/content/digest.ts';
import type { Encodings } from '../../shared/delta/encodings.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { FeedSource } from '../../shared/feed/feed-source.ts';
import type { ChainState } from '../../shared/log/chain-state.ts';
import type { Head } from '../../shared/log/head.ts';
import { signReceipt } from '../../shared/log/receipt.ts';
import type { Payload } from '../../shared/log/record-kinds.ts';
import type { ReportChecks } from '../../shared/reports/report-checks.ts';
import type { SigningKey } from '../../shared/signing/keys.ts';
import { signPurgeReceipt } from '../../shared/site/purge.ts';
import type { ObjectStore } from '../../shared/store/object-store.ts';
import { version } from '../../shared/version.ts';
import type { EdgeLimits } from '../../shared/wire/protocol.ts';
import { Lease } from '../activate/lease.ts';
import { needsLease, type Shows, Visible } from '../activate/visible.ts';
import { type LazyOptions, LazyStorage } from '../disk-budget/lazy-storage.ts';
import { Children } from '../feed/children.ts';
import { parentFeed } from '../feed/parent-feed.ts';
import { Faults, isLie } from '../follow/faults.ts';
import { ObjectFetch } from '../follow/fetch/object-fetch.ts';
import type { ObjectSource } from '../follow/fetch/object-source.ts';
import { failBack } from '../follow/log/fail-back.ts';
import { followLog } from '../follow/log/log-follow.ts';
import type { LogTime } from '../follow/log/log-time.ts';
import { allowedLimits } from '../follow/sync/allowed-sites.ts';
import { isWanted, targetOf } from '../follow/sync/next-step-plan.ts';
import { SiteLoops } from '../follow/sync/site-loops.ts';
import type { Identity } from '../follow/upstream/identity.ts';
import type { Caller } from '../follow/upstream/transfer.ts';
import type { Upstream } from '../follow/upstream/upstream.ts';
import type { Upstreams } from '../follow/upstream/upstreams.ts';
import { pruneAlways } from '../work/prune/prune-loop.ts';
import { pruneSites } from '../work/prune/prune-sites.ts';
import { carryOutPurges } from '../work/purge/purge-loop.ts';
import { Fills } from '../read-through/fills.ts';
import { ReadThrough } from '../read-through/read-through.ts';
import { type WarmResult, warm } from '../work/warm/warm.ts';
import { reportedSites } from '../report/fitting-report.ts';
import { Membership } from '../report/membership.ts';
import { Reporter } from '../report/reporter.ts';
import type { ReplicaStanding, StorageStanding } from '../report/standing.ts';
import type { EdgeCatalog, EdgeSite } from '../store/catalog.ts';
import { coverText } from '../store/cover.ts';
import { damagedObjects, type VerifyResult, verifyReplica } from '../work/verify/verify.ts';

/** What shows revisions to readers: the serving processes, or a test. */
export interface Readers extends Shows {
  lease(until: number): void;
  time(ahead: number): void;
  forget(digests: readonly Digest[] | 'all'): void;
}

export interface ReplicaParts {
  readonly identity: Pick<Identity, 'name' | 'region'>;
  readonly key: SigningKey;
  readonly catalog: EdgeCatalog;
  readonly store: ObjectStore;
  readonly upstreams: Upstreams;
  readonly limits: EdgeLimits;
  readonly readers: Readers;
  /** For an edge that is a parent. */
  readonly encodings: Encodings | undefined;
  /** Of what children report; undefined for an edge that is no parent. */
  readonly reportChecks?: ReportChecks | undefined;
  /** For an edge with lazy storage. */
  readonly lazy: LazyOptions | undefined;
  readonly clock: Clock;
  readonly time: LogTime;
  readonly log: Logger;
}

/** The replicating side of an edge: follows the log, brings revisions in, shows them, reports. */
export interface Replica {
  standing(): Promise<ReplicaStanding>;
  /** The feed for children; undefined for an edge that is no parent. */
  readonly feed: FeedSource | undefined;
  /** Compares everything on disk with what the origin signed; `repair` fetches what was found damaged. */
  verify(repair: boolean, signal: AbortSignal): Promise<VerifyResult>;
  /** Fetches what readers ask for and this edge does not hold. */
  readonly reads: ReadThrough;
  /** Fetches what is missing here of the active revision of a site. */
  warm(
    site: string,
    target: { readonly paths: readonly string[]; readonly globs: readonly string[] },
    signal: AbortSignal,
  ): Promise<WarmResult>;
  /** Of an edge with lazy storage. */
  storage(): StorageStanding | undefined;
  /** Makes room: what no kept revision needs goes. */
  prune(): Promise<void>;
  close(): Promise<void>;
}

export async function startReplica(parts: ReplicaParts): Promise<Replica> {
  const { identity, key, catalog, upstreams, readers, encodings, clock, time, log } = parts;
  const stopping = new AbortController();
  const { signal } = stopping;
  const { name } = identity;
  const began = await catalog.chain();
  if (began === undefined) throw new SkerryError('data-folder-foreign', 'the data folder has no log');
  // It may have been started with another filter.
  await catalog.clearPrepared();
  let chain: ChainState = began;
  let head: Head | undefined;
  let upstreamPath: readonly string[] = [];
  let members: readonly Payload<'member'>[] = await catalog.members();
  const limits = allowedLimits(parts.limits, name, () => members);
  const caller: Caller = { name, key, log: chain.log };
  const faults = new Faults(time);
  const membership = await Membership.open(catalog, clock);
  const gate = new Gate();
  const manifests = new KeyedLock<number>();
  const fills = new Fills();
  const lazy = parts.lazy && new LazyStorage({ ...parts, ...parts.lazy, fills, gate });
  const store = lazy?.store ?? parts.store;
  const objects = new ObjectFetch(store, gate);
  const bandwidth = new Bandwidth(limits.rate ?? undefined, clock);
  const reads = new ReadThrough({
    catalog,
    store,
    objects,
    fills,
    budget: lazy?.budget,
    sources: () => upstreams.inTurn().map(sourceOf),
    blame(error, { upstream }) {
      if (signal.aborted) return;
      faults.note(error, upstream.url);
      if (isLie(error)) upstreams.avoid(upstream);
    },
    tier: () => (upstreamPath.length === 0 ? 'origin' : 'parent'),
    transfer: { signal, bandwidths: limits.rate === null ? [] : [bandwidth], isForReaders: true },
    now: () => clock.monotonic(),
  });
  const lease = new Lease();
  const feedChanged = new Wakeup();
  const purged = new Wakeup();
  const isPaused = () => members.find((member) => member.name === name)?.paused ?? false;
  // What is meant to stay behind would never be current: it is served as it is.
  const keepsUp = () => limits.delay === 0 && limits.schedule === null && !isPaused();
  const wanted = (site: Pick<EdgeSite, 'name'>) => isWanted(site, limits);

  const visible = await Visible.open(catalog, readers, receiptFor, wanted, keepsUp);
  const reporter = new Reporter({
    upstreams,
    caller,
    catalog,
    clock,
    now: () => time.now(),
    log,
    faults,
    originKey: () => chain.key,
    state: async () => {
      const { seq: position, hash } = chain;
      const { parent, sites, clockOffset: offset } = await standing();
      return {
        ...{ position, hash, version, head: head ?? (await catalog.signedHead()) ?? null },
        parent,
        limits,
        offset,
        sites: reportedSites(sites),
        faults: [...faults.list()],
      };
    },
    answered(grant, sent) {
      membership.answered(grant);
      const wasPutBack = time.answered(grant.time, sent);
      // What this edge dates by its records may have come from before that.
      if (wasPutBack || limits.delay > 0)
        redate().catch((error) => log.error({ err: error }, 'dates in the future are left'));
    },
    leased(sent, ms) {
      lease.granted(sent, ms);
      readers.lease(lease.until);
    },
  });
  const children = new Children(parts.reportChecks, reporter);
  children.setMembers(members);

  const loops = new SiteLoops(
    {
      catalog,
      objects,
      limits,
      upstreams,
      sourceOf,
      bandwidth,
      clock,
      time,
      log,
      faults,
      manifests,
      isPaused,
      async revealed() {
        await visible.show();
        feedChanged.wake();
        reporter.changed();
      },
      prepared() {
        feedChanged.wake();
        reporter.changed();
      },
    },
    signal,
  );

  const prune = () => pruneSites({ catalog, store, gate, manifests, dropped: () => visible.show() }, signal);

  const redate = async () => {
    if (!(await catalog.redate(time.now()))) return;
    await visible.show();
    await loops.wake();
  };

  time.onChange(() => {
    readers.time(time.ahead);
    // What waits for a time looks at it again.
    loops.wake().catch((error) => log.error({ err: error }, 'the time had no effect'));
  });

  const newRecords = async () => {
    // New revisions show when their site's loop has brought them in, and are reported then.
    const isBusy = await loops.wake();
    feedChanged.wake();
    members = await catalog.members();
    if (children.setMembers(members)) feedChanged.wake();
    await loops.wake();
    // Names, domains and deletions show at once.
    await visible.show();
    purged.wake();
    if (!isBusy) reporter.changed();
  };

  const running = [
    followLog(
      {
        catalog,
        upstreams,
        caller,
        wants: limits,
        clock,
        time,
        log,
        faults,
        moved(now, newHead) {
          const isNew = now.seq !== chain.seq;
          chain = now;
          head = newHead ?? head;
          if (newHead !== undefined) membership.heard();
          if (isNew) newRecords().catch((error) => log.error({ err: error }, 'new records had no effect'));
        },
        refused: () => membership.refused(),
        pathChanged(names) {
          upstreamPath = names;
          feedChanged.wake();
          reporter.changed();
        },
      },
      chain,
      signal,
    ),
    failBack(
      { upstreams, caller, wants: limits, clock, faults, chain: () => chain, head: () => head },
      signal,
    ),
    reporter.run(signal),
    carryOutPurges(
      {
        catalog,
        store,
        forget: (digests) => readers.forget(digests),
        shown: () => visible.show(),
        damaged: async (entries) => {
          const found = await damagedObjects(store, entries, signal);
          const gone = new Set(lazy && (await store.missing(found.map(({ digest }) => digest))));
          return found.filter(({ digest }) => !gone.has(digest));
        },
        drop: lazy && ((site, target, matches) => lazy.dropPurged(site, target, matches, signal)),
        repair: () => verify(true, signal),
        async done(site, carriedOut) {
          const { log, epoch } = chain;
          const since = time.now();
          await catalog.purgesDone(
            carriedOut.map(({ seq, matched }) =>
              signPurgeReceipt({ log, epoch, edge: name, site, seq, matched, since }, key),
            ),
          );
          reporter.changed();
        },
        log,
      },
      clock,
      purged,
      signal,
    ),
    time.run(signal),
    pruneAlways(prune, { clock, log }, signal),
    lazy?.budget.run(signal),
  ];
  await loops.wake();

  return {
    standing,
    feed:
      encodings &&
      parentFeed({
        name,
        log: chain.log,
        catalog,
        objectsFor: (member) => lazy?.storeForChild(member, reads) ?? store,
        held: store,
        encodings,
        children,
        upstreams,
        limits,
        clock,
        changed: feedChanged,
        path: () => upstreamPath,
        head: () => head,
        stopping: signal,
      }),
    verify: (repair, verifying) => verify(repair, AbortSignal.any([signal, verifying])),
    reads,
    warm: (site, target, warming) =>
      warm(
        { catalog, store, lazy: lazy && { reads, budget: lazy.budget } },
        site,
        target,
        AbortSignal.any([signal, warming]),
      ),
    storage: () => lazy && { ...reads.counts, ...lazy.budget.standing },
    prune,
    async close() {
      stopping.abort();
      feedChanged.wake();
      await Promise.allSettled(running);
      await loops.ended();
    },
  };

  function verify(repair: boolean, verifying: AbortSignal): Promise<VerifyResult> {
    const source = sourceOf(upstreams.current);
    const verified = { catalog, store, limits, readers, objects, manifests, gate, source };
    return verifyReplica(verified, repair, verifying);
  }

  async function standing(): Promise<ReplicaStanding> {
    const sites = (await catalog.sites()).filter(wanted).map((site) => {
      const progress = loops.progress(site.id);
      return {
        id: site.id,
        name: site.name,
        revision: visible.revision(site.id),
        target: targetOf(site),
        prepared: site.prepared ?? 0,
        pendingBytes: progress?.pendingBytes ?? 0,
        error: progress?.error ?? null,
        needsLease: needsLease(site, keepsUp()),
      };
    });
    return {
      position: chain.seq,
      head: chain.head,
      parent: upstreamPath[0] ?? null,
      upstream: upstreams.current.url,
      isPaused: isPaused(),
      leaseSeconds: Math.max(0, lease.until - clock.monotonic()) / 1000,
      ...membership.standing,
      clockOffset: time.offset,
      sites,
      faults: faults.list(),
    };
  }

  async function receiptFor({ id, active, covers }: EdgeSite): Promise<void> {
    if (active.root === null) return;
    const text = coverText(covers);
    if ((await catalog.receiptCovers(id, active.revision)) === text) return;
    await catalog.addReceipt(
      signReceipt(
        {
          ...{ log: chain.log, epoch: chain.epoch, edge: name, site: id },
          ...{ revision: active.revision, root: active.root, seq: active.seq },
          ...{ since: time.now(), covers: text },
        },
        key,
      ),
    );
  }

  function sourceOf(upstream: Upstream): ObjectSource {
    const keepEncoded: ObjectSource['keepEncoded'] =
      encodings && ((key, encoded) => encodings.keep(key, encoded));
    return { upstream, caller, keepEncoded };
  }
}
