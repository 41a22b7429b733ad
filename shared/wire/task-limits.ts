/** The maximum number of edges that a task may name. To reach more edges, name a region or a label, or choose all. */
export const MOST_NAMED_EDGES = 1000;
export const DEADLINE_SECONDS = { least: 10, most: 30 * 86_400, usual: 3600 };
