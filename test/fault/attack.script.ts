/**
 * `npm run test:attack [-- --points 1,5]`: runs the attacks against real processes with the default limits. Prints how
 * each attack is refused, the peak memory of a process, and the longest stall of a health check and of a reader, beside
 * those of a bare server under the same bytes. Fails when a process ends, memory exceeds the bound, something is lost,
 * or an attack gets what it wants.
 */
import { parseArgs } from 'node:util';
import { attacks } from './attacks/all.ts';
import { MOST_BYTES, type Row, runRound } from './attacks/round.ts';
import { startTarget } from './attacks/target.ts';

const { values } = parseArgs({ options: { points: { type: 'string' } } });
const points = values.points?.split(',');
const chosen = attacks.filter(({ point }) => points === undefined || points.includes(point));

const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
const stall = (ms: number) => (Number.isFinite(ms) ? `${Math.round(ms)} ms` : 'no answer');
const cells = ({ attack, outcome, peakBytes, health, reader, bare, faults }: Row) => [
  attack.point,
  attack.name,
  outcome.refused,
  megabytes(peakBytes) + (bare === undefined ? '' : ` (${megabytes(bare.peakBytes)})`),
  stall(health) + (bare === undefined ? '' : ` (${stall(bare.health)})`),
  stall(reader),
  faults.length === 0 ? 'nothing' : faults.join('; '),
];
const print = (row: readonly string[]) => process.stdout.write(`| ${row.join(' | ')} |\n`);

print(['point', 'attack', 'refused', 'most memory (bare)', '/healthz (bare)', 'reader', 'lost']);
print(['---', '---', '---', '---', '---', '---', '---']);
let target = await startTarget();
let failed = 0;
try {
  for (const attack of chosen) {
    const row = await runRound(target, attack);
    print(cells(row));
    if (row.faults.length > 0) failed++;
    if (row.losses.length === 0) continue;
    // The next attack gets an undamaged target.
    await target.cluster.close();
    target = await startTarget();
  }
} finally {
  await target.cluster.close();
}
process.stdout.write(
  `${chosen.length - failed} of ${chosen.length} attacks failed, as they should; a process may have ${megabytes(MOST_BYTES)}\n`,
);
if (failed > 0) process.exitCode = 1;
