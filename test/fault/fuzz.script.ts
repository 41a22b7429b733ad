/**
 * `npm run test:fuzz [-- --cases 100000] [--seed N]`: sends malformed heads, bodies and frames to every route of the
 * API, the feed, the admin port and the serving port, in three rounds. Fails when a process ends, when /healthz does
 * not answer, or when a process holds more memory after the third round than after the second.
 */
import { parseArgs } from 'node:util';
import { fuzz, megabytes } from './fuzz.ts';

const { values } = parseArgs({
  options: { cases: { type: 'string', default: '100000' }, seed: { type: 'string' } },
});
const cases = Number(values.cases);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const tell = (line: string) => process.stdout.write(`${line}\n`);

tell(`seed ${seed}, ${cases} cases`);
const outcome = await fuzz({ cases, seed, settleMs: 5000, tell });
tell(`\n${outcome.cases} cases`);
for (const [what, count] of [...outcome.answers].sort())
  tell(`${what.padEnd(32)} ${String(count).padStart(7)}`);
tell('\nresident after each round');
for (const [name, rounds] of outcome.memory) tell(`${name.padEnd(12)} ${rounds.map(megabytes).join('  ')}`);
tell(`\nlongest stall of /healthz: ${outcome.longestStallMs.toFixed(0)} ms`);
for (const fault of outcome.faults) tell(fault);
tell(`${outcome.faults.length} faults`);
process.exit(outcome.faults.length === 0 ? 0 : 1);
