import type { ShareStatus } from '../../shared/wire/task-api.ts';

/** The result of an edge that is done. */
export function doneResult({ state, result }: ShareStatus): unknown {
  return state === 'done' ? result : undefined;
}

/** The JSON that `--json` prints about an edge's share of a task. */
export function shareJson({ edge, state, attempts, result }: ShareStatus) {
  return { edge, state, attempts, result };
}
