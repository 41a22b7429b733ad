import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { Gauge, Registry } from 'prom-client';
import type { ServingCounters } from '../activate/messages.ts';

/** What the admin port shows. */
export interface EdgeOverview {
  readonly name: string;
  readonly region: string;
  readonly version: string;
  readonly position: number;
  readonly head: number;
  readonly sites: readonly {
    readonly name: string;
    readonly revision: number;
    readonly target: number;
    readonly pendingBytes: number;
    readonly error: string | null;
  }[];
}

/**
 * The admin server, apart from the one that serves readers and on loopback: health without any conditions,
 * readiness (every site that should be live shows something), metrics and status.
 */
export function buildAdmin(
  overview: () => Promise<EdgeOverview>,
  counters: () => Promise<ServingCounters>,
  log: Logger,
): FastifyInstance {
  const app: FastifyInstance = Fastify({
    loggerInstance: log as FastifyBaseLogger,
    forceCloseConnections: true,
  });
  const registry = new Registry();
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const position = gauge('skerry_edge_position_seq', 'The last log record taken in.');
  const lag = gauge('skerry_edge_lag_records', 'Records between the head of the log and the position.');
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

  app.get('/healthz', () => ({ status: 'ok' }));

  app.get('/readyz', async (_request, reply) => {
    const waiting = (await overview()).sites.filter(({ revision, target }) => revision === 0 && target > 0);
    if (waiting.length > 0) reply.code(503);
    return { status: waiting.length > 0 ? 'waiting' : 'ready', waiting: waiting.map(({ name }) => name) };
  });

  app.get('/status', overview);

  app.get('/metrics', async (_request, reply) => {
    const now = await overview();
    for (const metric of [revision, pending, requests, bytes]) metric.reset();
    position.set(now.position);
    lag.set(now.head - now.position);
    for (const site of now.sites) {
      revision.set({ site: site.name }, site.revision);
      pending.set({ site: site.name }, site.pendingBytes);
    }
    for (const [site, counter] of Object.entries(await counters())) {
      for (const [status, count] of Object.entries(counter.requests)) requests.set({ site, status }, count);
      bytes.set({ site }, counter.bytes);
    }
    return reply.type(registry.contentType).send(await registry.metrics());
  });

  return app;
}
