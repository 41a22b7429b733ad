/** `npm run test:model -- [--sequences N] [--seconds N] [--seed S] [--sequence N] [--from N] [--lanes N] [--without KIND,KIND]` */
import { parseArgs } from 'node:util';
import { type Outcome, openLanes } from './model.ts';

const { values } = parseArgs({
  options: {
    sequences: { type: 'string', default: '1000' },
    /** Begin no further sequence after this time. */
    seconds: { type: 'string', default: 'Infinity' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    sequence: { type: 'string' },
    from: { type: 'string', default: '0' },
    lanes: { type: 'string', default: '4' },
    /** Kinds of steps or damage to leave out, separated by commas. */
    without: { type: 'string', default: '' },
    /** Stop after this many failures. */
    failures: { type: 'string', default: '5' },
  },
});
const seed = Number(values.seed);
const first = Number(values.sequence ?? values.from);
const last = values.sequence === undefined ? first + Number(values.sequences) : first + 1;
const tell = (line: string) => process.stdout.write(`${line}\n`);

tell(`seed ${seed}`);
const { lanes, close } = await openLanes(values.sequence === undefined ? Number(values.lanes) : 1);
const began = performance.now();
const accused = new Map<string, number>();
const failed: Outcome[] = [];
let next = first;
let done = 0;
let sights = 0;
let tasks = 0;
let begun = 0;
let leaked = 0;
const trials = { shown: 0, takenBack: 0 };
await Promise.all(
  lanes.map(async (lane) => {
    const isOver = () =>
      next >= last || failed.length >= Number(values.failures) || seconds() > Number(values.seconds);
    while (!isOver()) {
      const outcome = await lane.run(seed, next++, values.without.split(','));
      done++;
      sights += outcome.sights;
      tasks += outcome.tasks;
      begun += outcome.begun;
      leaked += outcome.leaked;
      trials.shown += outcome.trials.shown;
      trials.takenBack += outcome.trials.takenBack;
      if (outcome.leaked > 0) tell(`sequence ${outcome.sequence} leaked ${outcome.leaked} objects`);
      for (const line of outcome.accused) {
        const code = line.split(':')[0] ?? '';
        if (!accused.has(code))
          tell(`an honest upstream was accused in sequence ${outcome.sequence}: ${line}`);
        accused.set(code, (accused.get(code) ?? 0) + 1);
      }
      if (outcome.faults.length > 0) {
        failed.push(outcome);
        report(outcome);
      }
      if (done % 500 === 0) tell(`${done} sequences, ${(done / seconds()).toFixed(1)} a second`);
    }
  }),
);
tell(
  `${done} sequences of seed ${seed} in ${seconds().toFixed(1)} s, ${(done / seconds()).toFixed(1)} a second, ` +
    `${process.cpuUsage().user / 1e6} s CPU; ${sights} sights judged, ` +
    `${trials.shown} trials shown and ${trials.takenBack} of them taken back, ${tasks} tasks, ${begun} executions, ${failed.length} failed, ${leaked} objects leaked, ` +
    `accused: ${JSON.stringify(Object.fromEntries(accused))}`,
);
await close();
process.exit(failed.length === 0 ? 0 : 1);

function seconds(): number {
  return (performance.now() - began) / 1000;
}

function report({ sequence, plan, faults, warnings }: Outcome): void {
  tell(`\nFAILED: --seed ${seed} --sequence ${sequence}; ${plan.sites} sites, route ${plan.route}`);
  for (const [i, step] of plan.steps.entries()) tell(`  ${i} ${JSON.stringify(step)}`);
  for (const line of warnings) tell(`  log: ${line}`);
  for (const fault of faults.slice(0, 4)) tell(`  FAULT ${fault}`);
}
