import type { Registry } from 'prom-client';
import { CollectedMetrics } from '../../shared/process/collected-metrics.ts';
import type { ReplicaStatus, StorageStatus } from '../report/replica-status.ts';
import type { AheadUse } from '../store/catalog.ts';

/** Adds metrics of how far this edge has followed the log, and of its connection to the origin. */
export function addReplicaMetrics(registry: Registry, status: () => Promise<ReplicaStatus>): void {
  const replica = new CollectedMetrics(registry, status);
  replica.gauge(
    'skerry_edge_log_position',
    'Sequence number of the last log record that the edge has stored.',
    ({ position }) => position,
  );
  replica.gauge(
    'skerry_edge_lag_records',
    'Log records of the origin that the edge has not stored yet.',
    ({ head, position }) => head - position,
  );
  replica.gauge(
    'skerry_edge_clock_offset_seconds',
    "How far the edge's clock is ahead of the origin's. NaN until the edge has heard from the origin.",
    ({ clockOffset }) => (clockOffset === null ? Number.NaN : clockOffset / 1000),
  );
  replica.gauge(
    'skerry_edge_upstream_contact_seconds',
    'Time since the edge last heard from the origin. NaN before it first does.',
    ({ contactSeconds }) => contactSeconds ?? Number.NaN,
  );
  replica.gauge(
    'skerry_edge_lease_seconds',
    'Time until the lease ends. 0 without a lease.',
    ({ leaseSeconds }) => leaseSeconds,
  );
  replica.gauge(
    'skerry_edge_diverged',
    '1 while the edge has records that the origin does not have.',
    ({ isDiverged }) => Number(isDiverged),
  );
  replica.gauge(
    'skerry_edge_refused',
    '1 while the upstream refuses the edge because the edge is not a member.',
    ({ isRefused }) => Number(isRefused),
  );
  replica.gauge('skerry_edge_drained', '1 while an operator has drained the edge.', ({ isDrained }) =>
    Number(isDrained),
  );
  replica.gaugeBy(
    ['code', 'upstream'],
    'skerry_edge_fault_timestamp_seconds',
    'When the edge last met this fault of an upstream, in seconds since 1970.',
    ({ faults }) => faults.map(({ code, upstream, time }) => [{ code, upstream }, time / 1000]),
  );
  replica.gaugeBy(
    ['site'],
    'skerry_edge_revision',
    'Number of the visible revision of a site.',
    ({ sites }) => sites.map(({ name, revision }) => [{ site: name }, revision]),
  );
  replica.gaugeBy(
    ['site'],
    'skerry_edge_pending_bytes',
    'Bytes still to fetch before the next revision of a site is visible.',
    ({ sites }) => sites.map(({ name, pendingBytes }) => [{ site: name }, pendingBytes]),
  );
}

/** Adds metrics of what this edge fetched ahead of the first revision of a site, and has not released yet. */
export function addAheadMetrics(registry: Registry, held: () => Promise<AheadUse>): void {
  const ahead = new CollectedMetrics(registry, held);
  ahead.gauge(
    'skerry_edge_ahead_objects',
    'Objects that are held ahead of the first revision of their site.',
    ({ objects }) => objects,
  );
  ahead.gauge(
    'skerry_edge_ahead_bytes',
    'Size of the objects that are held ahead of the first revision of their site.',
    ({ bytes }) => bytes,
  );
}

/** Adds metrics of a lazy edge's disk budget, and of its readers' requests that missed. */
export function addStorageMetrics(registry: Registry, status: () => StorageStatus): void {
  const storage = new CollectedMetrics(registry, async () => status());
  storage.gauge(
    'skerry_edge_held_bytes',
    'Size of the objects on the disk of a lazy edge.',
    ({ heldBytes }) => heldBytes,
  );
  storage.gauge(
    'skerry_edge_disk_budget_bytes',
    'Space that objects may take on the disk of a lazy edge.',
    ({ budgetBytes }) => budgetBytes,
  );
  storage.counter(
    'skerry_edge_evicted_objects_total',
    'Objects that were evicted to make room for others.',
    ({ evictedObjects }) => evictedObjects,
  );
  storage.counterBy(
    ['fetch'],
    'skerry_edge_misses_total',
    'Requests for an object that was not complete on the disk, by whether they began a fetch or joined one.',
    ({ misses, collapsed }) => [
      [{ fetch: 'own' }, misses - collapsed],
      [{ fetch: 'collapsed' }, collapsed],
    ],
  );
}
