import type { StatsFs } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/**
 * A registry with the metrics that every process reports: its memory, processor time, descriptors and their limit, the
 * delay of its event loop, and the disk of its data folder.
 */
export function processMetrics(dataFolder: string): Registry {
  const register = new Registry();
  collectDefaultMetrics({ register });
  const ofDisk = (name: string, help: string, bytes: (disk: StatsFs) => number) => {
    const gauge = new Gauge({
      ...{ name, help, registers: [register] },
      async collect() {
        gauge.set(bytes(await statfs(dataFolder)));
      },
    });
  };
  // What others than root may use.
  ofDisk(
    'skerry_data_free_bytes',
    'What may still be written to the file system of the data folder.',
    ({ bavail, bsize }) => bavail * bsize,
  );
  ofDisk(
    'skerry_data_total_bytes',
    'The size of the file system of the data folder.',
    ({ blocks, bsize }) => blocks * bsize,
  );
  return register;
}
