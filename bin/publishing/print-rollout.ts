import type { Difference, Rollout } from '../../shared/wire/rollout-api.ts';
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
  for (const difference of evidence.worst)
    printLine(`  at ${difference.edge}: ${differenceText(difference)}`);
}

/** One difference as a sentence, with the page behind it. */
export function differenceText({ path, status, before, count, referer }: Difference): string {
  const times = ` (${count})`;
  const from = referer === null ? '' : ` from ${referer}`;
  // A broken link has an error under both revisions.
  if (before === status) return `${path} answered ${status}${from}, and is missing in the base, too${times}`;
  return `${path} answered ${status} instead of ${before}${from}${times}`;
}
