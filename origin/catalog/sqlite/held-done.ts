import type { CatalogContext } from './context.ts';

/**
 * Notes that the held changes of the deploy's commit are in a revision. It belongs into the transaction that stores the
 * response of the commit: until then, a crash or an aborted publish leaves the changes held.
 */
export function noteHeldDone(sql: CatalogContext['sql'], deploy: string): void {
  sql(
    `UPDATE site SET held_done = max(held_done, d.held) FROM deploy d
     WHERE d.id = ? AND d.held IS NOT NULL AND site.id = d.site`,
  ).run(deploy);
}
