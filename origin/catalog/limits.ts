/** What every catalog holds at most: then it refuses, or gives up the oldest, as its calls say. */

/** Deploys of a site that are not committed: then the oldest is given up for a new one. */
export const MOST_OPEN_DEPLOYS = 50;
/** A deploy that is younger is still worked on, and is given up for no other. */
export const YOUNG_DEPLOY_MS = 10 * 60_000;
/** Of a deploy. */
export const MOST_FILES = 5_000_000;
/** Revisions of a site. */
export const MOST_PINNED = 1000;
/** Purges of a site, whose receipts are kept; those of older ones are forgotten. */
export const KEPT_PURGES = 1000;
