/** `npm run test:damage -- [--flips N] [--origin-flips N] [--seed S]` */
import { parseArgs } from 'node:util';
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
const { reads, wrongBefore, repairedAfterMs, faults } = await damageFleet(
  {
    packages: ['bootstrap-a', 'three-a'],
    edges: 3,
    edgeFlips: Number(values.flips),
    originFlips: Number(values['origin-flips']),
    betweenReadsMs: 2,
    seed: Number(values.seed),
  },
  tell,
);
tell(
  `repaired after ${(repairedAfterMs / 1000).toFixed(1)} s; ${reads} answers, ${wrongBefore} wrong before the damage was found`,
);
for (const fault of faults) tell(`FAULT ${fault}`);
tell(`${faults.length} faults`);
process.exit(faults.length === 0 ? 0 : 1);
