/** `npm run test:damage -- [--flips N] [--origin-flips N] [--seed S]` */
import { parseArgs } from 'node:util';
import { startCluster } from '../helpers/cluster.ts';
import { damageFleet } from './damage.ts';

const { values } = parseArgs({
  options: {
    flips: { type: 'string', default: '200' },
    'origin-flips': { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const tell = (line: string) => process.stdout.write(`${line}\n`);
tell(`seed ${values.seed}`);
const cluster = await startCluster({ edges: 3 });
const { reads, wrongBefore, repairedAfterMs, faults } = await damageFleet(
  cluster,
  {
    packages: ['bootstrap-a', 'three-a'],
    edgeFlips: Number(values.flips),
    originFlips: Number(values['origin-flips']),
    betweenReadsMs: 2,
    seed: Number(values.seed),
  },
  tell,
).finally(() => cluster.close());
tell(
  `repaired after ${(repairedAfterMs / 1000).toFixed(1)} s; ${reads} answers, ${wrongBefore} wrong before the damage was found`,
);
for (const fault of faults) tell(`FAULT ${fault}`);
tell(`${faults.length} faults`);
process.exit(faults.length === 0 ? 0 : 1);
