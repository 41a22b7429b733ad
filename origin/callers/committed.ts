import type { Commit } from '../../shared/wire/api.ts';

/** The fields of a commit that the log line of its act contains. */
export function committed({
  revision,
  seq,
  mode,
  outcome,
  unchanged,
}: Commit): Readonly<Record<string, unknown>> {
  return { revision, seq, mode, outcome, unchanged };
}
