/**
 * `npm run test:slow [-- --clients 10000]`: opens connections that send nothing, or a byte now and then, while an edge
 * serves other readers. Fails when a reader waits for a second, when memory is not bounded, or when the slow
 * connections stay.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { proportionalBytes } from '../../bench/process-memory.ts';
import { startCluster } from '../helpers/cluster.ts';
import { read } from '../helpers/http.ts';
import { writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';
import { slowClients } from './slow-clients.ts';

const MOST_WAIT_MS = 1000;
const MOST_BYTES_EACH = 20_000;
/** 20 seconds for a head, and the time until the server notices. */
const GONE_MS = 60_000;

const { values } = parseArgs({ options: { clients: { type: 'string', default: '10000' } } });
const clients = Number(values.clients);
const cluster = await startCluster({ edges: 1 });
try {
  const [edge] = cluster.edges;
  if (edge?.running === undefined) throw new Error('the edge does not run');
  const folder = await writeTree(join(cluster.folder, 'www'), { 'a.css': 'a {}' });
  await cluster.skerry('publish', folder, '--site', 'www', '--wait');
  const { hostname: host, port } = new URL(edge.url);
  const { pid } = edge.running;
  const before = await proportionalBytes(pid);
  const slow = await slowClients({ host, port: Number(port) }, clients);
  const opened = slow.open;
  const grown = (await proportionalBytes(pid)) - before;
  let longest = 0;
  await until(
    'the slow ones to be gone',
    async () => {
      const began = performance.now();
      const { status } = await read(edge.url, 'www', 'a.css');
      if (status !== 200) throw new Error(`a reader was answered ${status}`);
      longest = Math.max(longest, performance.now() - began);
      return slow.open === 0;
    },
    GONE_MS,
  );
  slow.end();
  process.stdout.write(
    `${opened} slow clients: ${(grown / 1e6).toFixed(1)} MB more, other readers waited ${longest.toFixed(1)} ms at the longest; all were ended\n`,
  );
  if (longest > MOST_WAIT_MS || grown > clients * MOST_BYTES_EACH) process.exitCode = 1;
} finally {
  await cluster.close();
}
