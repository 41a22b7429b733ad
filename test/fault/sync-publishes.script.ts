/** `npm run test:sync -- [--publishes 200] [--seed N] [--edges 4]` */
import { parseArgs } from 'node:util';
import { type SyncOutcome, syncRounds } from './sync-rounds.ts';

const { values } = parseArgs({
  options: { publishes: { type: 'string' }, seed: { type: 'string' }, edges: { type: 'string' } },
});
const publishes = Number(values.publishes ?? 200);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const edges = Number(values.edges ?? 4);
const tell = (line: string) => process.stdout.write(`${line}\n`);
const SHOWN = 8;

tell(`seed ${seed}, ${publishes} publishes, ${edges} edges`);
const { faults, ...figures }: SyncOutcome = await syncRounds({
  ...{ publishes, seed, edges, isQuick: false, tell },
});
tell(JSON.stringify(figures, (_key, value) => (typeof value === 'number' ? Math.round(value) : value), 1));
for (const [kind, some] of Map.groupBy(faults, (fault) => fault.kind)) {
  tell(`${kind}: ${some.length}`);
  for (const { text } of some.slice(0, SHOWN)) tell(`  ${text}`);
}
tell(`${faults.length} faults`);
process.exit(faults.length === 0 ? 0 : 1);
