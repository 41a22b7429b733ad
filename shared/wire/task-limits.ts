/** The most edges that a task may name. To ask more, ask a region, a label or all. */
export const MOST_NAMED_EDGES = 1000;
export const DEADLINE_SECONDS = { least: 10, most: 30 * 86_400, usual: 3600 };
