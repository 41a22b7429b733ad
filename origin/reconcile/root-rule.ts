import type { TaskRequest } from '../../shared/wire/task-api.ts';

/** A root that does not match is repaired when it persists for so long. A single one mends itself in the next sync. */
const PERSISTS_MS = 60_000;

/** An edge as this rule sees it. */
export interface SyncingEdge {
  readonly name: string;
  readonly isOnline: boolean;
  /** The edge that it follows; null for the origin. */
  readonly parent: string | null;
  /** For how long the roots that it makes have not matched those that the origin signed. Null while they match. */
  readonly mismatchMs: number | null;
}

interface RootRepair {
  readonly key: string;
  readonly cause: string;
  readonly request: TaskRequest;
}

/**
 * Repairs the manifests of edges whose roots persistently do not match. The parent is repaired with its child, because
 * the child may have got its entries there.
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
