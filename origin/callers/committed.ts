import type { Commit } from '../../shared/wire/api.ts';

/** Of a commit what the line of its act tells. */
export function committed({
  revision,
  seq,
  mode,
  outcome,
  unchanged,
}: Commit): Readonly<Record<string, unknown>> {
  return { revision, seq, mode, outcome, unchanged };
}
