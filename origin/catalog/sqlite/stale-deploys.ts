/** Gives deploys, which are then listed by number, an id that nobody asks for; their files go when there is time. */
export const GIVE_UP = `UPDATE deploy SET id = 'given up ' || number, created = 0 WHERE number IN`;

/** Deploys whose files nobody will ask for any more. */
export const STALE_DEPLOY = `(d.result IS NOT NULL OR d.created < :stale
  OR NOT EXISTS (SELECT 1 FROM site s WHERE s.id = d.site AND s.deleted = 0))`;
