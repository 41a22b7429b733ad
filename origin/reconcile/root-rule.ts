import type { TaskRequest } from '../../shared/wire/task-api.ts';

/** A mismatch of roots is repaired when it persists for this long. The next sync mends a single mismatch by itself. */
const PERSISTS_MS = 60_000;

/** An edge as this rule sees it. */
export interface SyncingEdge {
  readonly name: string;
  readonly isOnline: boolean;
  /** The edge that it follows; null for the origin. */
  readonly parent: string | null;
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
 * parent, so the parent is repaired as well.
 */
export function repairOfRoots(edges: readonly SyncingEdge[]): RootRepair[] {
  const online = new Set(edges.filter(({ isOnline }) => isOnline).map(({ name }) => name));
  return edges.flatMap(({ name, isOnline, parent, mismatchMs }) => {
    if (!isOnline || mismatchMs === null || mismatchMs < PERSISTS_MS) return [];
    const suspects = parent !== null && online.has(parent) ? [name, parent] : [name];
    return {
      key: `repair root ${name}`,
      cause: `the roots of ${name} have not matched for ${Math.round(mismatchMs / 1000)} s`,
      request: { kind: 'repair', args: {}, target: { edges: suspects } },
    };
  });
}
