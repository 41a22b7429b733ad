import type { EdgeStatus } from '../../shared/wire/api.ts';

export interface TreePlace {
  readonly edge: EdgeStatus;
  /** 0 for an edge that follows the origin. */
  readonly depth: number;
}

/**
 * Places edges under their parents, in the given order. An edge is at the top if its parent is not in the list. While
 * edges change their parents, some may briefly form a ring. Then one edge of the ring is at the top.
 */
export function edgeTree(edges: readonly EdgeStatus[]): TreePlace[] {
  const byName = new Map(edges.map((edge) => [edge.name, edge]));
  const places: TreePlace[] = [];
  const placed = new Set<string>();
  const place = (edge: EdgeStatus, depth: number) => {
    if (placed.has(edge.name)) return;
    placed.add(edge.name);
    places.push({ edge, depth });
    for (const child of edges) if (child.parent === edge.name) place(child, depth + 1);
  };
  for (const edge of edges) if (edge.parent === null || !byName.has(edge.parent)) place(edge, 0);
  for (const edge of edges) place(edge, 0);
  return places;
}
