import type { Clock } from '../../shared/clock.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { Commit } from '../../shared/wire/api.ts';
import type { DoneDeploy, PublishCalls } from '../catalog/publish-calls.ts';
import type { ReceiptCalls } from '../catalog/receipt-calls.ts';
import type { SiteRow } from '../catalog/site-calls.ts';
import type { Deadline } from './deadline.ts';
import { outlasting, SHORTEST_TERMS } from './lease.ts';
import type { SyncEdges } from './sync-edges.ts';
import {
  beginSync,
  decide,
  edgeStates,
  type SyncDecision,
  type SyncFailure,
  type SyncState,
  step,
} from './sync-state.ts';
import { wokenWithin } from './woken-within.ts';

type SyncCatalog = Pick<Remote<PublishCalls>, 'activate' | 'abort' | 'noteOutcome'> &
  Pick<Remote<ReceiptCalls>, 'receipts'>;

/** The parts that are needed to end a revision whose publish is gone. */
export interface EndingParts {
  readonly catalog: Pick<SyncCatalog, 'activate' | 'abort'>;
  readonly clock: Clock;
}

export interface SyncParts {
  readonly catalog: SyncCatalog;
  readonly clock: Clock;
  readonly edges: SyncEdges;
  /** Aborts when the origin ends. A publish then stops waiting for edges. */
  readonly stopping: AbortSignal;
}

export interface SyncRevision {
  readonly site: SiteRow;
  readonly revision: number;
  /** The record that names the revision. */
  readonly seq: number;
  /** The deploy whose response is stored. */
  readonly deploy: string | null;
  readonly deadline: Deadline;
}

const REASONS: Readonly<Record<SyncFailure, string>> = {
  'no-edges': 'no edge that holds a lease replicates it',
  'quorum-lost': 'fewer edges than the quorum hold a lease',
  timeout: 'it was not prepared within the time-out',
  stopped: 'the origin ended',
};

/**
 * Takes a pending revision through both phases. Edges prepare it, the `activate` record is the commit point, and then
 * edges show it. The caller holds the site's lock. Throws `sync-aborted` when it failed before the commit point and the
 * site's policy is to abort.
 */
export async function publishInSync(parts: SyncParts, target: SyncRevision): Promise<Commit> {
  const { catalog, clock, edges } = parts;
  const { site, revision, deploy } = target;
  const isStrict = site.policy.sync.withoutLease === 'refuse';
  await edges.current();
  const prepared = await settle(
    parts,
    target,
    beginSync(edges.participants(site.name), site.policy.sync.require, { isStrict }),
  );
  if (prepared.decision.kind === 'fail') return fail(parts, target, prepared.state, prepared.decision.reason);

  const payload = { mode: 'sync' as const };
  // After a crash, this is the stored response. It does not list any edge as confirmed yet.
  const early = answerOf(target, 'live', prepared.state);
  // The requirement is set first, so that an edge gets no further time to serve unless it shows the revision.
  const required = isStrict ? await edges.requireRevision(site, revision) : null;
  const { seq } = await catalog
    .activate({
      site: site.id,
      revision,
      payload,
      time: clock.now(),
      deploy: deploy === null ? null : { id: deploy, answer: early },
    })
    .catch(async (error: unknown) => {
      if (isStrict) await edges.requireRevision(site, required);
      throw error;
    });

  await edges.current();
  const servers = isStrict ? edges.servers(site.name) : [];
  const shown = await settle(parts, target, step(prepared.state, { kind: 'activated', servers }));
  const answer = { ...answerOf(target, 'live', shown.state), seq };
  const named = (isVisible: boolean) =>
    answer.edges.filter(({ state }) => (state === 'visible') === isVisible).map(({ edge }) => edge);
  const noted = catalog.noteOutcome({
    site: site.id,
    revision,
    visible: named(true),
    unconfirmed: named(false),
    time: clock.now(),
    deploy: deploy === null ? null : { id: deploy, answer },
  });
  // The revision is live, even if there is no room left to record the outcome.
  await noted.catch(() => {});
  return { ...answer, receipts: await catalog.receipts(site.id, revision) };
}

/**
 * Waits until the edges show the revision that is already live. A sync publish of an unchanged tree has the same
 * guarantee as any other.
 */
export async function confirmInSync(parts: SyncParts, target: SyncRevision): Promise<Commit> {
  const { site, revision, seq } = target;
  await parts.edges.current();
  const begun = beginSync(parts.edges.participants(site.name), site.policy.sync.require, {
    isActivated: true,
  });
  const { state } = await settle(parts, target, begun);
  const receipts = await parts.catalog.receipts(site.id, revision);
  return { ...answerOf(target, 'live', state), seq, unchanged: true, receipts };
}

/**
 * Ends a revision that failed before its commit point, or that was left pending when the process ended: aborts it or
 * degrades it, according to the site's settings.
 */
export async function endFailed(
  { catalog, clock }: EndingParts,
  site: SiteRow,
  revision: number,
  reason: string,
  deploy: DoneDeploy | null,
): Promise<{ outcome: 'aborted' } | { outcome: 'degraded'; seq: number }> {
  const time = clock.now();
  if (site.policy.sync.onFailure === 'abort') {
    await catalog.abort(site.id, revision, reason, time);
    return { outcome: 'aborted' };
  }
  const payload = { mode: 'async' as const, degraded: reason };
  const { seq } = await catalog.activate({ site: site.id, revision, payload, time, deploy });
  return { outcome: 'degraded', seq };
}

async function fail(
  parts: SyncParts,
  target: SyncRevision,
  state: SyncState,
  failure: SyncFailure,
): Promise<Commit> {
  const { site, revision, deploy } = target;
  const reason = REASONS[failure];
  const answer = answerOf(target, 'degraded', state);
  const done = deploy === null ? null : { id: deploy, answer };
  const ended = await endFailed(parts, site, revision, reason, done);
  if (ended.outcome === 'degraded') return { ...answer, seq: ended.seq };
  const edges = [...state.edges]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([edge, phase]) => ({
      edge,
      state: phase === 'gone' ? 'lost' : phase === 'preparing' ? 'not-prepared' : phase,
    }));
  const named = edges.map(({ edge, state }) => `${edge} ${state}`).join(', ');
  throw new SkerryError(
    'sync-aborted',
    `revision ${revision} of ${site.name} was aborted: ${reason}${named === '' ? '' : ` (${named})`}`,
    { details: { revision, reason: failure, edges } },
  );
}

function answerOf(
  { revision }: SyncRevision,
  outcome: Commit['outcome'],
  state: SyncState,
): Omit<Commit, 'seq'> {
  return {
    revision,
    unchanged: false,
    mode: 'sync',
    outcome,
    edges: edgeStates(state),
    opens: null,
    receipts: [],
  };
}

/**
 * How long it takes until all leases of edges that do not show the revision have ended. After the commit point, the
 * time left must be enough for that. Some leases may be longer than those that are granted now, because they were
 * granted before the site required a lease. Edges that do not take part in the publish, such as drained ones, may serve
 * the site, too.
 */
function longestLease(edges: SyncEdges, site: SyncRevision['site'], revision: number): number {
  const names = new Set([...edges.participants(site.name), ...edges.servers(site.name)]);
  const lefts = [...names].flatMap((name) => {
    const { leaseLeft, servingLeft } = edges.syncStatus(name, site.id, revision);
    return [leaseLeft, servingLeft];
  });
  return Math.max(outlasting(SHORTEST_TERMS), ...lefts);
}

/** Watches the edges until the wait is over. */
async function settle(
  { clock, edges, stopping }: SyncParts,
  { site, revision, deadline }: SyncRevision,
  begun: SyncState,
): Promise<{ state: SyncState; decision: SyncDecision }> {
  let state = begun;
  const isStrictPrepare = begun.isStrict && !begun.isActivated;
  while (true) {
    await edges.current();
    const statuses = [...begun.edges.keys()].map((edge) => ({
      edge,
      ...edges.syncStatus(edge, site.id, revision),
    }));
    const reserve = isStrictPrepare ? longestLease(edges, site, revision) : 0;
    let wait = deadline.left() - reserve;
    for (const { edge, prepared, visible, leaseLeft, servingLeft } of statuses) {
      const left = begun.isStrict && begun.isActivated ? Math.max(leaseLeft, servingLeft) : leaseLeft;
      state = step(state, { kind: 'report', edge, prepared, visible });
      if (left <= 0) state = step(state, { kind: 'lease-ended', edge });
      else wait = Math.min(wait, left);
    }
    if (deadline.left() <= reserve) state = step(state, { kind: 'timeout' });
    if (stopping.aborted) state = step(state, { kind: 'stopped' });
    const decision = decide(state);
    if (decision.kind !== 'wait') return { state, decision };
    // There was no `await` since the edges were read, so no change of their state is missed.
    await wokenWithin(edges.changed, clock, wait, stopping);
  }
}
