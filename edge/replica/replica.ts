import { Bandwidth } from '../../shared/concurrency/bandwidth.ts';
import { InProcessGate } from '../../shared/concurrency/gate.ts';
import { KeyedLock } from '../../shared/concurrency/keyed-lock.ts';
import { spaced } from '../../shared/concurrency/spaced.ts';
import { Wakeup } from '../../shared/concurrency/wakeup.ts';
import type { FeedSource } from '../../shared/feed/feed-source.ts';
import { ObjectsAhead } from '../../shared/feed/objects-ahead.ts';
import { ReportCalls } from '../../shared/feed/report-calls.ts';
import { Judged } from '../activate/judged.ts';
import { Lease } from '../activate/lease.ts';
import { type ViewSwitch, Visible } from '../activate/visible.ts';
import { LazyStorage } from '../disk-budget/lazy-storage.ts';
import { Children } from '../feed/children.ts';
import { parentFeed } from '../feed/parent-feed.ts';
import { AheadFetch } from '../follow/ahead/ahead-fetch.ts';
import { heldInAll, mayFetchAhead } from '../follow/ahead/ahead-plan.ts';
import { Faults } from '../follow/faults.ts';
import { ObjectFetch } from '../follow/fetch/object-fetch.ts';
import type { ObjectSource } from '../follow/fetch/object-source.ts';
import { failBack } from '../follow/log/fail-back.ts';
import { followLog } from '../follow/log/log-follow.ts';
import { LogPosition } from '../follow/log/log-position.ts';
import { showsAliases } from '../follow/sync/alias-plan.ts';
import { allowedLimits } from '../follow/sync/allowed-sites.ts';
import { isWanted } from '../follow/sync/next-step-plan.ts';
import type { ShowingEdge, Shown } from '../follow/sync/rollout-plan.ts';
import { SiteLoops } from '../follow/sync/site-loops.ts';
import type { Self } from '../follow/upstream/transfer.ts';
import type { Upstream } from '../follow/upstream/upstream.ts';
import { PartialObjects } from '../read-through/partial-objects.ts';
import type { ReadThrough } from '../read-through/read-through.ts';
import { Membership } from '../report/membership.ts';
import type { ReplicaStatus, StorageStatus } from '../report/replica-status.ts';
import { Reporter } from '../report/reporter.ts';
import type { AheadUse, EdgeSite } from '../store/catalog.ts';
import { pruneAlways } from '../work/prune/prune-loop.ts';
import { carryOutPurges } from '../work/purge/purge-loop.ts';
import { allExecutors } from '../work/registry.ts';
import { Tasks } from '../work/tasks/tasks.ts';
import { type AskableWork, Work } from '../work/work.ts';
import { Departure } from './departure.ts';
import { LogEffects } from './log-effects.ts';
import { OwnStatements } from './own-statements.ts';
import type { ReplicaParts } from './parts.ts';
import { readsOf } from './reads.ts';
import { replicaStatus } from './replica-status.ts';
import { reportContents } from './report-contents.ts';
import { Trials } from './trials.ts';

/** The minimum time between two wake-ups of all children because of objects ahead of their revision. */
const OFFER_MS = 50;

/** The replicating side of an edge: it follows the log, fetches revisions, shows them, and reports. */
export interface Replica {
  status(): Promise<ReplicaStatus>;
  /** What is held ahead of the first revisions of sites. */
  heldAhead(): Promise<AheadUse>;
  /** The feed for children. Undefined for an edge that is not a parent. */
  readonly feed: FeedSource | undefined;
  /** The work that callers may request from this edge. */
  readonly work: AskableWork;
  /** Fetches objects that readers request but this edge does not hold. */
  readonly reads: ReadThrough;
  /** Undefined for an edge with full storage. */
  readonly storage: (() => StorageStatus) | undefined;
  /** Resolves when the origin has revoked this edge and its readers have had time to leave. */
  readonly revoked: Promise<void>;
  close(): Promise<void>;
}

/** Builds a replica from its parts and starts it. */
export async function startReplica(parts: ReplicaParts): Promise<Replica> {
  const { identity, key, catalog, upstreams, readers, encodings, clock, time, log } = parts;
  const { name } = identity;
  const stopping = new AbortController();
  const { signal } = stopping;
  const position = await LogPosition.open(catalog);
  // The edge may have been restarted with another filter, which changes the objects that a prepared revision needs.
  await catalog.clearPrepared();

  const limits = allowedLimits(parts.limits, name, () => position.members);
  const self: Self = { name, key, log: position.chain.log };
  const sourceOf = (upstream: Upstream) => sourceAt(upstream, self, encodings);
  const faults = new Faults(time);
  const membership = await Membership.open(catalog, clock);
  const gate = new InProcessGate();
  const manifests = new KeyedLock<number>();
  const partials = new PartialObjects();
  const lazy = parts.lazy && new LazyStorage({ ...parts, ...parts.lazy, partials, gate });
  const store = lazy?.store ?? parts.store;
  const objects = new ObjectFetch(store, gate);
  const bandwidth = new Bandwidth(limits.rate ?? undefined, clock);
  const reads = readsOf(
    {
      ...{
        catalog,
        store,
        objects,
        partials,
        budget: lazy?.budget,
        upstreams,
        sourceOf,
        position,
        faults,
        clock,
      },
      bandwidth: limits.rate === null ? undefined : bandwidth,
    },
    signal,
  );
  const lease = new Lease();
  const feedChanged = new Wakeup();
  const purgesCame = new Wakeup();
  const calls = new ReportCalls();
  const own = () => position.members.find((member) => member.name === name);
  const isPaused = () => own()?.paused ?? false;
  const wasDrained = () => own()?.drained ?? false;
  const departure = new Departure({ name, catalog, readers, wasDrained, clock, log }, signal);
  const isDrained = () => departure.hasBegun || wasDrained();
  // An edge that stays behind on purpose is never current, so it serves without a lease.
  const keepsUp = () => limits.delay === 0 && limits.schedule === null && !isPaused();
  const wanted = (site: Pick<EdgeSite, 'name'>) => isWanted(site, limits);

  const statements = new OwnStatements({ name, key, catalog, position, time });
  const judged = new Judged(clock, () => {
    visible
      .show()
      .then(changed, (error) => log.error({ err: error }, 'a revision on trial could not be switched'));
  });
  const showing = (): ShowingEdge => ({
    ...{ name, keepsUp: keepsUp(), showsAliases: showsAliases(limits), isLapsed: judged.isLapsed },
  });
  const became = (site: EdgeSite, shown: Shown) => statements.visible(site, shown);
  const trials = new Trials({ source: parts.trials, clock, changed: () => reporter.changed() });
  const shownToReaders: ViewSwitch = {
    async show(views) {
      await readers.show(views);
      trials.shown(views);
    },
  };
  const visible = await Visible.open(catalog, shownToReaders, became, wanted, showing);
  const reporter = new Reporter({
    ...{ upstreams, self, catalog, clock, log, faults },
    now: () => time.now(),
    origin: () => position.chain,
    state: () =>
      reportContents({
        position,
        catalog,
        limits,
        status,
        use: parts.use,
        misses: () => reads.counts.misses,
        tasks: () => tasks.report,
        hot: () => lazy?.hot.take(),
        trials: () => trials.latest,
        beside: () => trials.beside,
      }),
    isBusy: () => tasks.isBusy || trials.areOn,
    assigned: (digest, list) => tasks.assigned(digest, list),
    unanswered: () => tasks.unanswered(),
    answered(grant, sent) {
      membership.answered(grant);
      judged.granted(sent, grant.lease);
      const wasPutBack = time.answered(grant.time, sent);
      // A delayed edge uses the dates in its records, which may be from before the origin's clock was set back.
      if (wasPutBack || limits.delay > 0) effects.redate();
    },
    leased(sent, ms) {
      lease.granted(sent, ms);
      readers.lease(lease.until);
    },
  });
  const children = new Children(parts.reportChecks, reporter);
  children.setMembers(position.members);
  upstreams.roster.set(position.members, name);
  const changed = () => {
    feedChanged.wake();
    reporter.changed();
  };
  position.on('head', () => {
    if (position.chain.seq >= (position.head?.seq ?? 0)) judged.caughtUp();
  });
  const loops = new SiteLoops(
    {
      ...{ catalog, objects, limits, upstreams, sourceOf, bandwidth, clock, time, log, faults, manifests },
      isPaused,
      began: (site) => aheadFetch.began(site),
      async revealed() {
        await visible.show();
        changed();
      },
      prepared: changed,
    },
    signal,
  );
  const ahead = new ObjectsAhead();
  const aheadFetch = new AheadFetch(
    {
      ...{ catalog, objects, gate, upstreams, sourceOf, position, faults, time, log },
      bandwidth: limits.rate === null ? undefined : bandwidth,
      mayFetch: (site) => mayFetchAhead(site, limits) && !isPaused() && !isDrained(),
      freeDisk: () => parts.use?.()?.disk?.free,
      offers: encodings && { ahead, wake: spaced(() => feedChanged.wake(), OFFER_MS) },
    },
    signal,
  );
  const effects = new LogEffects({
    ...{ catalog, position, time, loops, visible, readers, membership, children, reporter, log },
    ...{ aheadFetch, name, calls, isDrained, feedChanged, purgesCame, roster: upstreams.roster },
  });
  const storage = lazy && (() => ({ ...reads.counts, ...lazy.budget.status }));
  const work = new Work(
    allExecutors({
      ...{ catalog, store, limits, objects, manifests, gate, readers, reads, lazy, log },
      ...{ loops, visible, isPaused, time, clock, changed: feedChanged },
      source: () => sourceOf(upstreams.current),
      upload: (object, stop) => upstreams.origin.upload(self, object, stop),
      status: () => status(),
      storage: () => storage?.() ?? null,
      newestLines: () => parts.newestLines?.list() ?? [],
      shown: () => visible.show(),
      releaseAhead: (stop) => aheadFetch.release(stop),
      async purged(site, purges) {
        await statements.purged(site, purges);
        reporter.changed();
      },
    }),
    signal,
    log,
  );
  const tasks = await Tasks.open(
    {
      ...{ work, catalog, clock, log },
      ended: (attempt, end) => statements.ended(attempt, end),
      changed: () => reporter.changed(),
    },
    signal,
  );
  const status = () =>
    replicaStatus({
      ...{ catalog, isWanted: wanted, isPaused, isDrained, keepsUp, loops, visible, position, upstreams },
      ...{ lease, membership, faults, clock, time },
    });

  const followed = { upstreams, self, wants: limits, clock, faults, position };
  const running = [
    followLog(
      {
        ...{ ...followed, catalog, time, log },
        refused: () => membership.refused(),
        revoked: () => departure.begin(),
      },
      signal,
    ),
    failBack(followed, signal),
    reporter.run(signal),
    carryOutPurges(() => work.begin('purge'), { clock, log }, purgesCame, signal),
    time.run(signal),
    judged.run(signal),
    trials.run(signal),
    pruneAlways(() => work.begin('prune'), { clock, log }, signal),
    lazy?.budget.run(signal),
    aheadFetch.run(),
  ];
  await loops.wake();

  return {
    status,
    heldAhead: async () => heldInAll(await catalog.aheadUse()),
    feed:
      encodings &&
      parentFeed({
        ...{ name, log: self.log, catalog, held: store, encodings, children, upstreams, limits, clock },
        objectsFor: (member) => lazy?.storeForChild(member, reads) ?? store,
        ...{ calls, ahead, changed: feedChanged },
        path: () => position.path,
        head: () => position.head,
        stopping: signal,
      }),
    work,
    reads,
    storage,
    revoked: departure.over,
    async close() {
      stopping.abort();
      feedChanged.wake();
      await Promise.allSettled(running);
      await loops.ended();
    },
  };
}

function sourceAt(upstream: Upstream, self: Self, encodings: ReplicaParts['encodings']): ObjectSource {
  const keepEncoded: ObjectSource['keepEncoded'] =
    encodings && ((key, encoded) => encodings.keep(key, encoded));
  return { upstream, self, keepEncoded };
}
