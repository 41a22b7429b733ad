import t from 'tap';
import { originMetrics } from '../../../../origin/api/origin-metrics.ts';
import { systemClock } from '../../../../shared/clock.ts';

t.test('scrapes at the same time both see all sites and edges', async (t) => {
  const edge = {
    name: 'e',
    region: 'r',
    online: true,
    diverged: null,
    health: { state: 'lagging', reason: null },
    lastSeen: 5000,
    revoked: false,
  };
  const status = [
    { ...edge, sites: { www: { lag: { seconds: 3 } } } },
    { ...edge, name: 'gone', revoked: true, sites: {} },
  ];
  const sources = {
    catalog: {
      head: async () => ({ seq: 12 }),
      sites: async () => [{ name: 'www', revision: 4, files: 2, bytes: 100 }],
    },
    clock: systemClock,
    attempts: { total: 6 },
    certificate: () => ({ kind: 'given', expires: 1_800_000_000_000 }),
    fleet: { status: async () => status },
    retention: { checkpointFault: null },
    followers: { open: 3 },
    webhooks: { deliveries: () => new Map([['chat', { done: 5, failed: 2 }]]) },
    migration: {
      status: () => ({
        ...{ store: 'file:', other: { url: 's3://b', role: 'target' }, error: null },
        progress: {
          objects: 8,
          bytes: 80,
          left: { objects: 2, bytes: 20 },
          bytesPerSecond: 1,
          secondsLeft: 1,
        },
      }),
    },
    verifier: { status: async () => ({ damaged: 7, pass: null }) },
  } as unknown as Parameters<typeof originMetrics>[1];
  const scrape = originMetrics(t.testdir(), sources);
  await scrape();
  for (const { text } of await Promise.all([scrape(), scrape(), scrape()])) {
    t.match(text, /^skerry_origin_log_position 12$/m);
    t.match(text, /^skerry_origin_log_unpruned 0$/m);
    t.match(text, /^skerry_origin_failed_logins_total 6$/m);
    t.match(text, /^skerry_origin_event_streams 3$/m);
    t.match(text, /^skerry_origin_webhook_deliveries_total\{webhook="chat",outcome="failed"\} 2$/m);
    t.match(text, /^skerry_origin_store_damaged_objects 7$/m);
    t.match(text, /^skerry_origin_store_migration_state\{role="target"\} 1$/m);
    t.match(text, /^skerry_origin_store_migration_failing 0$/m);
    t.match(text, /^skerry_origin_store_migration_objects\{part="moved"\} 8$/m);
    t.match(text, /^skerry_origin_store_migration_objects\{part="left"\} 2$/m);
    t.match(text, /^skerry_origin_store_migration_bytes\{part="left"\} 20$/m);
    t.match(text, /^skerry_origin_certificate_expiry_timestamp_seconds\{kind="given"\} 1800000000$/m);
    t.match(text, /^skerry_site_revision\{site="www"\} 4$/m);
    t.match(text, /^skerry_site_files\{site="www"\} 2$/m);
    t.match(text, /^skerry_site_bytes\{site="www"\} 100$/m);
    t.match(text, /^skerry_edge_health\{edge="e",region="r",state="lagging"\} 1$/m);
    t.match(text, /^skerry_edge_online\{edge="e",region="r"\} 1$/m);
    t.match(text, /^skerry_edge_diverged\{edge="e",region="r"\} 0$/m);
    t.match(text, /^skerry_edge_last_seen_timestamp_seconds\{edge="e",region="r"\} 5$/m);
    t.match(text, /^skerry_edge_lag_seconds\{edge="e",site="www"\} 3$/m);
    t.notMatch(text, 'gone', 'a revoked edge');
  }
});
