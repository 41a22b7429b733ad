import type { FastifyRequest } from 'fastify';
import { Gauge } from 'prom-client';
import { cameThroughProxy, requireLocalHost } from '../../shared/http/local-request.ts';
import { type Api, type ApiContext, needsRead } from './context.ts';

export function healthRoutes(app: Api, context: ApiContext): void {
  const { catalog, clock, fleet, retention, metrics: registry } = context;
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const logSeq = gauge('skerry_origin_log_seq', 'The last sequence number of the log.');
  const logUnpruned = gauge(
    'skerry_origin_log_unpruned',
    '1 while a checkpoint would be too large: the log grows, here and on every edge.',
  );
  const siteRevision = gauge('skerry_site_revision', 'The live revision of a site.', ['site']);
  const siteFiles = gauge('skerry_site_files', 'Files in the live revision of a site.', ['site']);
  const siteBytes = gauge('skerry_site_bytes', 'Bytes in the live revision of a site.', ['site']);
  const edgeOnline = gauge('skerry_edge_online', '1 while the edge is connected.', ['edge', 'region']);
  const edgeDiverged = gauge(
    'skerry_edge_diverged',
    "1 while the edge has records that are not the origin's.",
    ['edge', 'region'],
  );
  const edgeLag = gauge('skerry_edge_lag_seconds', 'How long the edge has lacked the live revision.', [
    'edge',
    'site',
  ]);

  const edgeSeen = gauge('skerry_edge_last_seen_timestamp_seconds', 'When the edge last reported.', [
    'edge',
    'region',
  ]);

  app.get('/healthz', { schema: { hide: true } }, () => ({ status: 'ok' }));

  app.get('/readyz', { schema: { hide: true } }, async () => {
    await catalog.head(clock.now());
    return { status: 'ready' };
  });

  const onRequest = metricsNeed(context);
  app.get('/metrics', { onRequest, schema: { hide: true } }, async (_request, reply) => {
    for (const metric of [siteRevision, siteFiles, siteBytes, edgeOnline, edgeDiverged, edgeLag, edgeSeen])
      metric.reset();
    logSeq.set((await catalog.head(clock.now())).seq);
    logUnpruned.set(retention.checkpointFault === null ? 0 : 1);
    for (const { name, revision, files, bytes } of await catalog.sites()) {
      siteRevision.set({ site: name }, revision);
      siteFiles.set({ site: name }, files);
      siteBytes.set({ site: name }, bytes);
    }
    for (const edge of await fleet.status()) {
      // Whoever was revoked is no part of the fleet any more.
      if (edge.revoked) continue;
      edgeDiverged.set({ edge: edge.name, region: edge.region }, edge.diverged === null ? 0 : 1);
      edgeOnline.set({ edge: edge.name, region: edge.region }, edge.online ? 1 : 0);
      if (edge.lastSeen !== null)
        edgeSeen.set({ edge: edge.name, region: edge.region }, edge.lastSeen / 1000);
      for (const [site, { lag }] of Object.entries(edge.sites))
        edgeLag.set({ edge: edge.name, site }, lag.seconds);
    }
    return reply.type(registry.contentType).send(await registry.metrics());
  });
}

/** A token, except from this machine itself: its own name is asked for, and no proxy passed it on. */
function metricsNeed(context: ApiContext) {
  const needsToken = needsRead(context);
  return async (request: FastifyRequest): Promise<void> => {
    const { headers } = request;
    if (!context.isLoopback || headers.authorization !== undefined || cameThroughProxy(headers))
      return needsToken(request);
    requireLocalHost(headers);
  };
}
