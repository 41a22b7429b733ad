/**
 * `npm run test:drain [-- --rate 2000 --seconds 5]`: an edge with two serving processes is drained while readers that
 * honour the end of connections send requests. Fails when a request fails, when readers stay, when the edge forgets
 * that it is drained, or when it does not come back.
 */
import { parseArgs } from 'node:util';
import { drainUnderLoad } from './drain.ts';

const { values } = parseArgs({
  options: { rate: { type: 'string', default: '2000' }, seconds: { type: 'string', default: '5' } },
});
const faults = await drainUnderLoad({
  rate: Number(values.rate),
  seconds: Number(values.seconds),
  ...{ readers: 28, processes: 2, isQuick: false },
  tell: (line) => process.stdout.write(`${line}\n`),
});
for (const fault of faults) process.stdout.write(`${fault}\n`);
process.exit(faults.length === 0 ? 0 : 1);
