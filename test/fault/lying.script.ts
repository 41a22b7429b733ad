/** `npm run test:lying -- [--rounds N] [--seed S] [--round N] [--each] [--lies LIE,LIE]` */
import { parseArgs } from 'node:util';
import { ALL_LIES, type Lie } from './lies.ts';
import { openLyingLane, type Round, randomRound } from './lying-rounds.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    /** Runs this round only. */
    round: { type: 'string' },
    /** Runs a round for each lie alone, always told, beside an honest parent and without one. */
    each: { type: 'boolean', default: false },
    lies: { type: 'string' },
    /** The edge follows only the liar for this many milliseconds, to measure what that costs. */
    linger: { type: 'string' },
    failures: { type: 'string', default: '8' },
  },
});
const seed = Number(values.seed);
const tell = (line: string) => process.stdout.write(`${line}\n`);
const lies = (values.lies?.split(',') as Lie[] | undefined) ?? ALL_LIES;
const alone = (hasHonest: boolean) =>
  lies.map((lie): Round => ({ lies: [lie], often: 100, hasHonest, hasChild: false }));
const numbers = Array.from({ length: Number(values.rounds) }, (_, i) => i);
const lingering = lies.map(
  (lie): Round => ({
    lies: [lie],
    often: 100,
    hasHonest: false,
    hasChild: true,
    lingers: Number(values.linger),
  }),
);
const rounds: { readonly number: number; readonly round: Round }[] =
  values.linger !== undefined
    ? lingering.map((round, number) => ({ number, round }))
    : values.each
      ? [...alone(true), ...alone(false)].map((round, number) => ({ number, round }))
      : numbers.map((number) => ({ number, round: randomRound(seed * 1000 + number) }));

tell(`seed ${seed}`);
const lane = await openLyingLane();
const began = performance.now();
let told = 0;
let done = 0;
let tasks = 0;
let begun = 0;
let failed = 0;
for (const { number, round } of rounds) {
  if (values.round !== undefined && number !== Number(values.round)) continue;
  if (failed >= Number(values.failures)) break;
  const outcome = await lane.run(round, seed + number);
  done++;
  told += outcome.told;
  tasks += outcome.tasks;
  begun += outcome.begun;
  if (values.linger !== undefined || outcome.grown.memory > 300e6 || outcome.grown.catalog > 60e6)
    tell(`round ${number} ${JSON.stringify(round)} grew: ${JSON.stringify(outcome.grown)}`);
  if (outcome.faults.length === 0) continue;
  failed++;
  tell(`\nFAILED: --seed ${seed} --round ${number}${values.each ? ' --each' : ''} ${JSON.stringify(round)}`);
  for (const line of outcome.warnings.slice(-4)) tell(`  log: ${line}`);
  for (const fault of outcome.faults.slice(0, 3)) tell(`  FAULT ${fault}`);
}
const seconds = (performance.now() - began) / 1000;
tell(
  `${done} rounds of seed ${seed} in ${seconds.toFixed(1)} s, ${told} lies told, ${tasks} tasks, ${begun} executions, ${failed} rounds failed`,
);
await lane.close();
process.exit(failed === 0 ? 0 : 1);
