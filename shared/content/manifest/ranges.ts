/**
 * Entries and buckets are stored with the range of revisions that they are valid for: from `from_rev` up to, not
 * including, `to_rev`. Any manifest, any diff and every rollback are queries, and a change to one path of a
 * million costs one row.
 */

/** The `to_rev` of a range that has not ended yet. */
export const OPEN = Number.MAX_SAFE_INTEGER;

/** The levels of buckets. */
export const NODES = 0;
export const LEAVES = 1;
