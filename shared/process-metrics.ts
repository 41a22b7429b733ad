import { statfs } from 'node:fs/promises';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/**
 * A registry with what every process of ours tells: its memory, processor time, descriptors and their limit, the
 * delay of its event loop, and the disk that its data folder is on.
 */
export function processMetrics(dataFolder: string): Registry {
  const register = new Registry();
  collectDefaultMetrics({ register });
  const free = new Gauge({
    name: 'skerry_data_free_bytes',
    help: 'What may still be written to the file system of the data folder.',
    registers: [register],
    async collect() {
      // Both at once, of one look; what others than root may use.
      const { bavail, blocks, bsize } = await statfs(dataFolder);
      free.set(bavail * bsize);
      total.set(blocks * bsize);
    },
  });
  const total = new Gauge({
    name: 'skerry_data_total_bytes',
    help: 'The size of the file system of the data folder.',
    registers: [register],
  });
  return register;
}
