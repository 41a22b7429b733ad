/** `npm run test:kill -- [ROUNDS] [SEED]` */
import { killRounds } from './kill-rounds.ts';

const rounds = Number(process.argv[2] ?? 50);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
const tell = (line: string) => process.stdout.write(`${line}\n`);

tell(`seed ${seed}`);
const { answers, acknowledged, tasks, faults } = await killRounds(rounds, seed, tell);
tell(
  `${rounds} rounds, ${acknowledged} acknowledged revisions, ${answers} answers, ${tasks} tasks, ${faults.length} faults`,
);
for (const fault of faults) tell(fault);
process.exit(faults.length === 0 ? 0 : 1);
