/** `npm run test:tasks -- [--tasks N] [--seed S]` */
import { parseArgs } from 'node:util';
import { startTaskCluster, taskRounds } from './task-rounds.ts';

const PARENTS = 2;
const { values } = parseArgs({
  options: {
    tasks: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const seed = Number(values.seed);
const tell = (line: string) => process.stdout.write(`${line}\n`);

tell(`seed ${seed}`);
const { cluster, follows } = await startTaskCluster({ edges: 12, parents: PARENTS, children: 4 });
const began = performance.now();
const { tasks, shares, states, harm, faults } = await taskRounds(
  cluster,
  {
    follows,
    parents: PARENTS,
    tasks: Number(values.tasks),
    originKills: 3,
    longestHarmMs: 5000,
    seed,
  },
  tell,
).finally(() => cluster.close());
const seconds = ((performance.now() - began) / 1000).toFixed(0);
tell(
  `${tasks} tasks with ${shares} shares in ${seconds} s: ${JSON.stringify(states)}; harm: ${JSON.stringify(harm)}`,
);
for (const fault of faults) tell(`FAULT ${fault}`);
tell(`${faults.length} faults`);
process.exit(faults.length === 0 ? 0 : 1);
