/** `npm run test:broken -- [BREAKS] [SEED]` */
import { ON_DISK, startCluster } from '../helpers/cluster.ts';
import { brokenPublishes } from './broken-publishes.ts';

const breaks = Number(process.argv[2] ?? 10);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
const tell = (line: string) => process.stdout.write(`${line}\n`);

tell(`seed ${seed}`);
const cluster = await startCluster({ edges: 0, within: ON_DISK });
const { broken, publishes, sentBytes, faults } = await brokenPublishes(cluster, breaks, seed, tell).finally(
  () => cluster.close(),
);
tell(`${JSON.stringify(broken)}, ${publishes} trees, ${sentBytes} bytes sent, ${faults.length} faults`);
for (const fault of faults) tell(fault);
process.exit(faults.length === 0 ? 0 : 1);
