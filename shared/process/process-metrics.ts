import { statfs } from 'node:fs/promises';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { CollectedMetrics } from './collected-metrics.ts';

/** Gauges of prom-client that are named like counters: each repeats the sum of the gauge without `_total`. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/**
 * A registry with the metrics that every process reports: its memory, processor time, descriptors and their limit, the
 * delay of its event loop, and the disk of its data folder.
 */
export function processMetrics(dataFolder: string): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  const disk = new CollectedMetrics(registry, () => statfs(dataFolder));
  disk.gauge(
    'skerry_data_free_bytes',
    'Free space on the file system of the data folder, for users other than root.',
    ({ bavail, bsize }) => bavail * bsize,
  );
  disk.gauge(
    'skerry_data_total_bytes',
    'Size of the file system of the data folder.',
    ({ blocks, bsize }) => blocks * bsize,
  );
  return registry;
}
