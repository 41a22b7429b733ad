import type { TaskRequest } from '../../shared/wire/task-api.ts';

/**
 * A mismatch of roots is repaired when it persists for this long. The next sync repairs a single mismatch by itself.
 */
const PERSISTS_MS = 60_000;

/** The properties of an edge that this rule needs. */
export interface SyncingEdge {
  readonly name: string;
  readonly isOnline: boolean;
  /**
   * The milliseconds for which the edge's roots have not matched those that the origin signed. Null while they match.
   */
  readonly mismatchMs: number | null;
}

interface RootRepair {
  readonly key: string;
  readonly cause: string;
  readonly request: TaskRequest;
}

/**
 * Repairs the manifests of edges whose roots persistently do not match. A child may have got its entries from its
 * parent. But the parent is repaired only when it reports a mismatch itself, because a child may name any edge as its
 * parent.
 */
export function repairOfRoots(edges: readonly SyncingEdge[]): RootRepair[] {
  return edges.flatMap(({ name, isOnline, mismatchMs }) => {
    if (!isOnline || mismatchMs === null || mismatchMs < PERSISTS_MS) return [];
    return {
      key: `repair root ${name}`,
      cause: `the roots of ${name} have not matched for ${Math.round(mismatchMs / 1000)} s`,
      request: { kind: 'repair', args: {}, target: { edges: [name] } },
    };
  });
}
