/**
 * `npm run test:drain [-- --rate 2000 --seconds 5]`: an edge with two serving processes is drained while readers that
 * honour the end of connections send requests. Fails when a request fails, when readers stay, when the edge forgets
 * that it is drained, or when it does not come back.
 */
import { parseArgs } from 'node:util';
import { drainUnderLoad, startDrainCluster } from './drain.ts';

const { values } = parseArgs({
  options: { rate: { type: 'string', default: '2000' }, seconds: { type: 'string', default: '5' } },
});
const drained = await startDrainCluster(2);
const faults = await drainUnderLoad(drained, {
  rate: Number(values.rate),
  seconds: Number(values.seconds),
  ...{ readers: 28, isQuick: false },
  tell: (line) => process.stdout.write(`${line}\n`),
}).finally(drained.close);
for (const fault of faults) process.stdout.write(`${fault}\n`);
process.exit(faults.length === 0 ? 0 : 1);
