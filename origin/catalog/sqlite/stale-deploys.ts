/**
 * The beginning of a statement that gives deploys an id that no client requests. A list of their numbers must follow.
 * Retention deletes their files later.
 */
export const GIVE_UP = `UPDATE deploy SET id = 'given up ' || number, created = 0, key = NULL WHERE number IN`;

/** Selects deploys whose files will no longer be requested. */
export const STALE_DEPLOY = `(d.result IS NOT NULL OR d.created < :stale
  OR NOT EXISTS (SELECT 1 FROM site s WHERE s.id = d.site AND s.deleted = 0))`;
