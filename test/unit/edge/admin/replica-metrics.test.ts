import { Registry } from 'prom-client';
import t from 'tap';
import {
  addAheadMetrics,
  addReplicaMetrics,
  addStorageMetrics,
} from '../../../../edge/admin/replica-metrics.ts';
import type { ReplicaStatus } from '../../../../edge/report/replica-status.ts';

const STANDING: ReplicaStatus = {
  ...{ position: 7, head: 9, parent: null, upstream: 'http://a.test', isPaused: false },
  ...{ isRefused: false, isDiverged: false, isDrained: false, contactSeconds: 1.5, leaseSeconds: 4 },
  ...{ clockOffset: null, sites: [], faults: [] },
};

function metricsOf(changes: Partial<ReplicaStatus>): Promise<string> {
  const registry = new Registry();
  addReplicaMetrics(registry, async () => ({ ...STANDING, ...changes }));
  return registry.metrics();
}

t.test('the log', async (t) => {
  const text = await metricsOf({});
  t.match(text, /^skerry_edge_log_position 7$/m);
  t.match(text, /^skerry_edge_lag_records 2$/m);
});

t.test('the clock', async (t) => {
  t.match(await metricsOf({ clockOffset: -120_500 }), /^skerry_edge_clock_offset_seconds -120\.5$/m);
  t.match(await metricsOf({ clockOffset: null }), /^skerry_edge_clock_offset_seconds Nan$/m);
});

t.test('the tie to the origin', async (t) => {
  const well = await metricsOf({});
  t.match(well, /^skerry_edge_upstream_contact_seconds 1\.5$/m);
  t.match(well, /^skerry_edge_lease_seconds 4$/m);
  t.match(well, /^skerry_edge_diverged 0$/m);
  t.match(well, /^skerry_edge_refused 0$/m);
  const fault = { time: 5000, code: 'silent-feed', message: 'm', upstream: 'http://o.test' };
  const met = /^skerry_edge_fault_timestamp_seconds\{code="silent-feed",upstream="http:\/\/o\.test"\} 5$/m;
  t.match(await metricsOf({ faults: [fault] }), met);
  const lost = await metricsOf({ isRefused: true, isDiverged: true, contactSeconds: null, leaseSeconds: 0 });
  t.match(lost, /^skerry_edge_upstream_contact_seconds Nan$/m);
  t.match(lost, /^skerry_edge_lease_seconds 0$/m);
  t.match(lost, /^skerry_edge_diverged 1$/m);
  t.match(lost, /^skerry_edge_refused 1$/m);
});

t.test('what is held ahead', async (t) => {
  const registry = new Registry();
  addAheadMetrics(registry, async () => ({ objects: 3, bytes: 500 }));
  const text = await registry.metrics();
  t.match(text, /^skerry_edge_ahead_objects 3$/m);
  t.match(text, /^skerry_edge_ahead_bytes 500$/m);
});

t.test('the disk of a lazy edge', async (t) => {
  const registry = new Registry();
  const status = { heldBytes: 10, budgetBytes: 20, evictedObjects: 3, misses: 5, collapsed: 2 };
  addStorageMetrics(registry, () => status);
  // What is told once more is not counted once more.
  await registry.metrics();
  const text = await registry.metrics();
  t.match(text, /^skerry_edge_held_bytes 10$/m);
  t.match(text, /^skerry_edge_disk_budget_bytes 20$/m);
  t.match(text, /^# TYPE skerry_edge_evicted_objects_total counter\nskerry_edge_evicted_objects_total 3$/m);
  t.match(text, /^skerry_edge_misses_total\{fetch="own"\} 3$/m);
  t.match(text, /^skerry_edge_misses_total\{fetch="collapsed"\} 2$/m);
});
