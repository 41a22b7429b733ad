import type { Rollout } from '../../shared/wire/rollout-api.ts';
import { plural, printLine, printTable, timestamp } from '../terminal/output.ts';

/** Prints a rollout with the evidence of its edges. */
export function printRollout(rollout: Rollout): void {
  const { site, revision, base, state, reason, step, edges, began, ended, evidence } = rollout;
  const because = reason === '' ? '' : `: ${reason}`;
  printLine(`site ${site}: revision ${revision} over ${base}, ${state}${because}`);
  const until = ended === null ? '' : ` until ${timestamp(ended)}`;
  const shown = step === 0 ? 'edges take it in' : `step ${step}, shown by ${plural(edges.length, 'edge')}`;
  printLine(`  ${shown}; since ${timestamp(began)}${until} utc`);
  if (evidence.edges.length > 0)
    printTable(
      ['edge', 'verdict', 'why'],
      evidence.edges.map(({ edge, verdict, why }) => [edge, verdict, why]),
    );
  for (const { edge, path, status, before, count, referer } of evidence.worst)
    printLine(
      `  ${path} answered ${status} instead of ${before} at ${edge}, ${plural(count, 'time')}${referer === null ? '' : `, asked for by ${referer}`}`,
    );
}
