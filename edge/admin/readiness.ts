import type { ReplicaStatus, SiteStatus } from '../report/replica-status.ts';

/** Why an edge should get no readers. */
type Unready =
  /** The upstream does not accept this edge as a member: it was revoked, or the upstream does not know it yet. */
  | 'refused'
  /** The edge has records that the origin lacks. */
  | 'diverged'
  /** An operator has drained the edge. */
  | 'drained'
  /** The edge has not followed the log yet, or lacks sites that should be live. */
  | 'waiting'
  /** Some sites require a lease, and the edge does not have one. */
  | 'without-lease';

export interface Readiness {
  readonly status: 'ready' | Unready;
  /** The sites that the edge waits for, or that lack a lease. */
  readonly waiting: readonly string[];
}

type ReadinessInput = Pick<
  ReplicaStatus,
  'position' | 'isRefused' | 'isDiverged' | 'isDrained' | 'leaseSeconds'
> & {
  readonly sites: readonly Pick<SiteStatus, 'name' | 'revision' | 'target' | 'needsLease'>[];
};

/**
 * Decides whether readers should be sent to an edge. An edge that cannot reach any upstream serves the content that it
 * has, so it is ready.
 */
export function readinessOf({
  sites,
  position,
  isRefused,
  isDiverged,
  isDrained,
  leaseSeconds,
}: ReadinessInput): Readiness {
  const missing = sites.filter(({ revision, target }) => revision === 0 && target > 0);
  const leaseless = leaseSeconds > 0 ? [] : sites.filter(({ needsLease }) => needsLease);
  const names = (of: readonly { readonly name: string }[]) => of.map(({ name }) => name);
  if (isRefused) return { status: 'refused', waiting: names(missing) };
  if (isDiverged) return { status: 'diverged', waiting: names(missing) };
  if (isDrained) return { status: 'drained', waiting: names(missing) };
  // An edge that has never followed the log does not know which sites it lacks.
  if (missing.length > 0 || position === 0) return { status: 'waiting', waiting: names(missing) };
  if (leaseless.length > 0) return { status: 'without-lease', waiting: names(leaseless) };
  return { status: 'ready', waiting: [] };
}
