/** The limits of every catalog. At a limit, a call refuses or gives up the oldest item, as its comment says. */

/** Aliases of all sites together. A checkpoint carries them, and has room for some megabytes. */
export const MOST_ALIASES_IN_ALL = 5000;
/** Rollouts that are running or paused. A checkpoint names their edges, and has room for some megabytes. */
export const MOST_ROLLOUTS = 100;
/** Uncommitted deploys of a site. Beyond this number, the oldest is given up. */
export const MOST_OPEN_DEPLOYS = 50;
/** A younger deploy is probably still being uploaded, so it is not given up. */
export const YOUNG_DEPLOY_MS = 10 * 60_000;
/** Idempotency keys of a token that are remembered, and for how long. Beyond this number, the oldest is forgotten. */
export const KEPT_KEYS = { most: 1000, ms: 24 * 3_600_000 } as const;
/** Files of a deploy. */
export const MOST_FILES = 5_000_000;
/** Multipart uploads of a site that are not completed; retention gives up old ones. */
export const MOST_MULTIPARTS = 1000;
/** Pinned revisions of a site. */
export const MOST_PINNED = 1000;
/** The newest purges of a site keep their receipts. Receipts of older purges are deleted. */
export const KEPT_PURGES = 1000;
/** The newest records that made edges show a revision keep their receipts. */
export const KEPT_SHOWINGS = 1000;
/** Open tasks, and their open shares together. */
export const MOST_OPEN_TASKS = 1000;
export const MOST_OPEN_SHARES = 50_000;
/**
 * Only the newest `most` ended tasks are kept, and only for `ms` after their end. They are deleted a page at a time.
 */
export const KEPT_TASKS = { most: 10_000, ms: 30 * 86_400_000, page: 100 };
/** Attempts of a share that are kept. */
export const MOST_ATTEMPTS = 10;
/** Webhooks of an origin. */
export const MOST_WEBHOOKS = 20;

const DAY_MS = 86_400_000;
/** Only the newest `most` events of each class are kept, and only for `ms`. */
export const KEPT_EVENTS = {
  news: { most: 100_000, ms: 30 * DAY_MS },
  acts: { most: 100_000, ms: 400 * DAY_MS },
} as const;
