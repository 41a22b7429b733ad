import { backoffDelay } from '../../shared/concurrency/retry.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import type { TaskResult } from '../../shared/log/task-result.ts';
import type { ShareRow } from '../catalog/task-calls.ts';
import type { Failure } from './checked-result.ts';

/** After this many failures, a share has failed for good. */
export const MOST_FAILURES = 4;
/** After these errors, the edge would refuse the same request again. */
const FINAL_CODES: readonly ErrorCode[] = ['bad-request', 'bad-pattern', 'edge-stays-behind'];
const BACKOFF = { first: 10_000, most: 120_000 };

/**
 * The share after a checked result of an attempt, or undefined if the result changes nothing: the share has ended, or
 * the origin never gave this attempt to this edge. A result counts even if its attempt was given up, because it may
 * still be the first one.
 */
export function afterResult(
  share: ShareRow,
  { edge, attempt, nonce, outcome, result }: TaskResult,
  now: number,
  random: () => number = Math.random,
): ShareRow | undefined {
  const issued = share.attempts.find(
    (one) => one.attempt === attempt && one.nonce === nonce && one.edge === edge,
  );
  if (share.state !== 'open' || issued === undefined) return undefined;
  if (outcome === 'done') return { ...share, state: 'done', by: edge, result };
  if (!issued.isActive) return undefined;
  const attempts = share.attempts.map((one) => (one === issued ? { ...one, isActive: false } : one));
  const notBefore = now + Math.ceil(backoffDelay(share.failures, BACKOFF, random));
  // While another edge still works on the share, a failed attempt does not count as a failure of the share.
  if (attempts.some(({ isActive }) => isActive)) return { ...share, attempts, notBefore };
  const failures = share.failures + 1;
  if (failures >= MOST_FAILURES || isFinal(share, result))
    return { ...share, attempts, failures, state: 'failed', by: edge, result };
  return { ...share, attempts, failures, notBefore };
}

/** Whether the failure ends the share. A share that any edge can do is tried at another edge, which may be newer. */
function isFinal({ edge }: ShareRow, result: string): boolean {
  const { code } = JSON.parse(result) as Failure;
  return edge !== null && FINAL_CODES.some((final) => final === code);
}
