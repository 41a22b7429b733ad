import type { Commit } from '../../shared/wire/api.ts';

/** The fields of a commit that go into the log line about it. */
export function committed({
  revision,
  seq,
  mode,
  outcome,
  unchanged,
}: Commit): Readonly<Record<string, unknown>> {
  return { revision, seq, mode, outcome, unchanged };
}
