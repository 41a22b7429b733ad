import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';
import { httpServer } from '../../shared/http/http-server.ts';
import { untilClosed } from '../../shared/http/once-closed.ts';
import type { FeedServer } from '../../shared/http/server.ts';
import { version } from '../../shared/version.ts';
import type { Identity } from '../follow/upstream/identity.ts';
import { LATENCY_BUCKETS, type ServingCounters } from '../messages/counters.ts';
import type { ReplicaStanding, StorageStanding } from '../report/standing.ts';
import type { WorkDoor } from '../work/work.ts';
import { type AdminDoor, adminDoor } from './admin-door.ts';
import { readinessOf } from './readiness.ts';

/** What the admin port tells of. */
export interface AdminSource {
  standing(): Promise<ReplicaStanding>;
  /** Of an edge with lazy storage. */
  storage(): StorageStanding | undefined;
}

/**
 * The admin server, apart from the one that serves readers: health without any conditions, readiness, metrics, status,
 * and work on this edge alone. What tells of the process and its system is in the registry before.
 */
export function buildAdmin(
  { name, region }: Pick<Identity, 'name' | 'region'>,
  source: AdminSource,
  work: Pick<WorkDoor, 'onDemand' | 'ask'>,
  counters: () => Promise<ServingCounters>,
  log: Logger,
  door: AdminDoor,
  registry: Registry,
): FeedServer {
  const app = httpServer(log, { forceCloseConnections: true });
  app.addHook('onRequest', adminDoor(door));
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const position = gauge('skerry_edge_position_seq', 'The last log record taken in.');
  const lag = gauge('skerry_edge_lag_records', 'Records between the head of the log and the position.');
  const clockOffset = gauge(
    'skerry_edge_clock_offset_seconds',
    "What the clock is ahead of the origin's; NaN before that is known.",
  );
  const contact = gauge(
    'skerry_edge_upstream_contact_seconds',
    'Time since the last word of the origin; NaN before the first.',
  );
  const lease = gauge('skerry_edge_lease_seconds', 'What is left of the lease; 0 without one.');
  const diverged = gauge('skerry_edge_diverged', "1 while this edge has records that are not the origin's.");
  const refused = gauge('skerry_edge_refused', '1 while the upstream takes this edge for no member.');
  const fault = gauge(
    'skerry_edge_fault_timestamp_seconds',
    'When this edge last met a fault of an upstream, of those in its status.',
    ['code', 'upstream'],
  );
  const revision = gauge('skerry_edge_revision', 'The visible revision of a site.', ['site']);
  const pending = gauge('skerry_edge_pending_bytes', 'Bytes still to fetch for the target of a site.', [
    'site',
  ]);
  // Totals are kept by the serving processes and only passed on here, so that Gauge.set fits.
  const requests = gauge('skerry_edge_requests_total', 'Answered requests by status class.', [
    'site',
    'status',
  ]);
  const bytes = gauge('skerry_edge_sent_bytes_total', 'Body bytes sent.', ['site']);
  const excesses = gauge(
    'skerry_edge_rule_excesses_total',
    'Answers for which the rules of a site asked more than they may: 414 for the address, else 500.',
    ['site'],
  );
  const seconds = 'skerry_edge_request_seconds';
  const buckets = gauge(`${seconds}_bucket`, 'Answers that took up to so long.', ['site', 'le']);
  const secondsSum = gauge(`${seconds}_sum`, 'What all answers took.', ['site']);
  const secondsCount = gauge(`${seconds}_count`, 'Answers.', ['site']);

  const held = gauge('skerry_edge_held_bytes', 'Objects on the disk of a lazy edge.');
  const budget = gauge('skerry_edge_disk_budget_bytes', 'What they may take.');
  const evicted = gauge('skerry_edge_evicted_objects_total', 'Objects that made room for others.');
  const misses = gauge('skerry_edge_misses_total', 'Requests for an object that was not all here.', [
    'fetch',
  ]);

  const overview = async () => {
    const { sites, ...standing } = await source.standing();
    return {
      ...{ name, region, version, ...standing },
      sites: sites.map(({ id: _id, ...site }) => site),
      storage: source.storage() ?? null,
    };
  };

  app.get('/healthz', () => ({ status: 'ok' }));

  app.get('/readyz', async (_request, reply) => {
    const readiness = readinessOf(await overview());
    if (readiness.status !== 'ready') reply.code(503);
    return readiness;
  });

  app.get('/status', overview);

  for (const { kind, arguments: body, mostArgumentBytes } of work.onDemand) {
    const limit = mostArgumentBytes === undefined ? {} : { bodyLimit: mostArgumentBytes };
    app.post(`/${kind}`, { ...limit, schema: { body } }, (request, reply) =>
      work.ask(kind, request.body, { by: { kind: 'admin-port' }, signal: untilClosed(reply.raw) }),
    );
  }

  app.get('/metrics', async (_request, reply) => {
    const now = await overview();
    for (const metric of [
      fault,
      revision,
      pending,
      requests,
      bytes,
      excesses,
      buckets,
      secondsSum,
      secondsCount,
    ])
      metric.reset();
    for (const { code, upstream, time } of now.faults) fault.set({ code, upstream }, time / 1000);
    position.set(now.position);
    lag.set(now.head - now.position);
    clockOffset.set(now.clockOffset === null ? Number.NaN : now.clockOffset / 1000);
    contact.set(now.contactSeconds ?? Number.NaN);
    lease.set(now.leaseSeconds);
    diverged.set(now.isDiverged ? 1 : 0);
    refused.set(now.isRefused ? 1 : 0);
    if (now.storage !== null) {
      held.set(now.storage.heldBytes);
      budget.set(now.storage.budgetBytes);
      evicted.set(now.storage.evictedObjects);
      misses.set({ fetch: 'own' }, now.storage.misses - now.storage.collapsed);
      misses.set({ fetch: 'collapsed' }, now.storage.collapsed);
    }
    for (const site of now.sites) {
      revision.set({ site: site.name }, site.revision);
      pending.set({ site: site.name }, site.pendingBytes);
    }
    for (const [site, counter] of Object.entries(await counters())) {
      for (const [status, count] of Object.entries(counter.requests)) requests.set({ site, status }, count);
      bytes.set({ site }, counter.bytes);
      excesses.set({ site }, counter.excesses);
      let upTo = 0;
      for (const [i, count] of counter.buckets.entries()) {
        upTo += count;
        buckets.set({ site, le: String(LATENCY_BUCKETS[i] ?? '+Inf') }, upTo);
      }
      secondsSum.set({ site }, counter.seconds);
      secondsCount.set({ site }, upTo);
    }
    return reply.type(registry.contentType).send(await registry.metrics());
  });

  return app;
}
