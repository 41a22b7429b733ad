import { CollectedMetrics, expositionOf } from '../../shared/process/collected-metrics.ts';
import type { Scrape } from '../../shared/process/exposition.ts';
import { processMetrics } from '../../shared/process/process-metrics.ts';
import type { EdgeStatus } from '../../shared/wire/api.ts';
import type { ApiContext } from './context.ts';

type Sources = Pick<
  ApiContext,
  'catalog' | 'clock' | 'fleet' | 'retention' | 'followers' | 'verifier' | 'attempts' | 'certificate'
> & {
  readonly migration: Pick<ApiContext['migration'], 'status'>;
  readonly webhooks: Pick<ApiContext['webhooks'], 'deliveries'>;
};

const edgeLabels = ({ name, region }: EdgeStatus) => ({ edge: name, region });

/** The metrics of the origin: its process, its log, its sites, and what it knows of its edges. */
export function originMetrics(
  dataFolder: string,
  {
    catalog,
    clock,
    fleet,
    retention,
    followers,
    webhooks,
    verifier,
    migration,
    attempts,
    certificate,
  }: Sources,
): Scrape {
  const registry = processMetrics(dataFolder);

  const log = new CollectedMetrics(registry, async () => ({
    head: await catalog.head(clock.now()),
    isUnpruned: retention.checkpointFault !== null,
  }));
  log.gauge(
    'skerry_origin_log_position',
    'Sequence number of the last record in the log.',
    ({ head }) => head.seq,
  );
  log.gauge(
    'skerry_origin_log_unpruned',
    '1 while a checkpoint would be too large. The log then grows, at the origin and at every edge.',
    ({ isUnpruned }) => Number(isUnpruned),
  );

  const access = new CollectedMetrics(registry, async () => attempts.total);
  access.counter(
    'skerry_origin_failed_logins_total',
    'Number of requests with a token that is unknown, expired, revoked or of another kind.',
    (total) => total,
  );

  const events = new CollectedMetrics(registry, async () => ({
    streams: followers.open,
    deliveries: [...webhooks.deliveries()],
  }));
  events.gauge('skerry_origin_event_streams', 'Number of open streams of events.', ({ streams }) => streams);
  events.counterBy(
    ['webhook', 'outcome'],
    'skerry_origin_webhook_deliveries_total',
    'Number of attempts to send an event to a webhook.',
    ({ deliveries }) =>
      deliveries.flatMap(([webhook, { done, failed }]) => [
        [{ webhook, outcome: 'done' }, done] as const,
        [{ webhook, outcome: 'failed' }, failed] as const,
      ]),
  );

  const store = new CollectedMetrics(registry, () => verifier.status());
  store.gauge(
    'skerry_origin_store_damaged_objects',
    'Objects that were found damaged and have not been stored again.',
    ({ damaged }) => damaged,
  );

  const move = new CollectedMetrics(registry, async () => migration.status());
  move.gaugeBy(
    ['role'],
    'skerry_origin_store_migration_state',
    '1 for what a second store is: target, kept, dropping or leaving. Missing without one.',
    ({ other }) => (other === null ? [] : [[{ role: other.role }, 1]]),
  );
  move.gauge(
    'skerry_origin_store_migration_failing',
    '1 while a move, or the deletion of a store, does not go on.',
    ({ error }) => Number(error !== null),
  );
  for (const what of ['objects', 'bytes'] as const)
    move.gaugeBy(
      ['part'],
      `skerry_origin_store_migration_${what}`,
      `How much of the ${what} a move has compared and copied (moved), and not yet (left). Missing without a move.`,
      ({ progress }) =>
        progress === null
          ? []
          : [
              [{ part: 'moved' }, progress[what]],
              [{ part: 'left' }, progress.left[what]],
            ],
    );

  // With a label, the metric is missing at an origin that speaks plain HTTP, and not 0.
  new CollectedMetrics(registry, async () => certificate()).gaugeBy(
    ['kind'],
    'skerry_origin_certificate_expiry_timestamp_seconds',
    'When the certificate of the origin expires, in seconds since 1970. Its own CA has issued it, or it was given.',
    (shown) => (shown === null ? [] : [[{ kind: shown.kind }, shown.expires / 1000]]),
  );

  const sites = new CollectedMetrics(registry, () => catalog.sites());
  sites.gaugeBy(['site'], 'skerry_site_revision', 'Number of the live revision of a site.', (all) =>
    all.map(({ name, revision }) => [{ site: name }, revision]),
  );
  sites.gaugeBy(['site'], 'skerry_site_files', 'Number of files in the live revision of a site.', (all) =>
    all.map(({ name, files }) => [{ site: name }, files]),
  );
  sites.gaugeBy(['site'], 'skerry_site_bytes', 'Size of all files in the live revision of a site.', (all) =>
    all.map(({ name, bytes }) => [{ site: name }, bytes]),
  );

  // The fleet does not count revoked edges.
  const edges = new CollectedMetrics(registry, async () =>
    (await fleet.status()).filter(({ revoked }) => !revoked),
  );
  edges.gaugeBy(['edge', 'region'], 'skerry_edge_online', '1 while the edge is connected.', (all) =>
    all.map((edge) => [edgeLabels(edge), Number(edge.online)]),
  );
  edges.gaugeBy(
    ['edge', 'region', 'state'],
    'skerry_edge_health',
    '1 for the state of the edge: online, lagging, degraded, offline, drained or diverged.',
    (all) => all.map((edge) => [{ ...edgeLabels(edge), state: edge.health.state }, 1]),
  );
  edges.gaugeBy(
    ['edge', 'region'],
    'skerry_edge_diverged',
    '1 while the edge has records that the origin does not have.',
    (all) => all.map((edge) => [edgeLabels(edge), Number(edge.diverged !== null)]),
  );
  edges.gaugeBy(
    ['edge', 'region'],
    'skerry_edge_last_seen_timestamp_seconds',
    'When the edge last reported, in seconds since 1970.',
    (all) =>
      all.flatMap((edge) => (edge.lastSeen === null ? [] : [[edgeLabels(edge), edge.lastSeen / 1000]])),
  );
  edges.gaugeBy(
    ['edge', 'site'],
    'skerry_edge_lag_seconds',
    'How long the edge has been without the live revision of the site.',
    (all) =>
      all.flatMap((edge) =>
        Object.entries(edge.sites).map(
          ([site, { lag }]) => [{ edge: edge.name, site }, lag.seconds] as const,
        ),
      ),
  );

  return () => expositionOf(registry);
}
