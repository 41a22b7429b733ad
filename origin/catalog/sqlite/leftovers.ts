import { transaction } from '../../../shared/sqlite/open.ts';
import type { AgeLimits, PastCalls } from '../retention-calls.ts';
import type { CatalogContext } from './context.ts';
import { GIVE_UP, STALE_DEPLOY } from './stale-deploys.ts';

type Limits = Pick<AgeLimits, 'openedBefore' | 'answeredBefore'>;

/**
 * An object is kept while a file of a deploy refers to it. So the files of finished and given-up deploys are deleted.
 */
export function leftoverCalls({ database, sql }: CatalogContext): Pick<PastCalls, 'dropLeftovers'> {
  /**
   * A given-up deploy loses its id before its files, so that no commit finds it with half of its files. Its row is
   * deleted last, because its number may be used again.
   */
  function giveUpDeploys({ openedBefore, answeredBefore }: Limits, limit: number): number {
    const { changes } = sql(
      `${GIVE_UP} (SELECT number FROM deploy d WHERE d.created > 0 AND (d.created < :answered
            OR (d.result IS NULL AND ${STALE_DEPLOY})) LIMIT :limit)`,
    ).run({ stale: openedBefore, answered: answeredBefore, limit });
    return Number(changes);
  }

  function staleFiles({ openedBefore }: Limits, limit: number): number {
    let dropped = 0;
    let after = -1;
    while (dropped < limit) {
      const next = sql('SELECT min(deploy) AS number FROM deploy_file WHERE deploy > ?').get(after)?.number;
      if (typeof next !== 'number') break;
      after = next;
      const isOpen = sql(`SELECT 1 FROM deploy d WHERE d.number = :number AND NOT ${STALE_DEPLOY}`);
      if (isOpen.get({ number: next, stale: openedBefore }) !== undefined) continue;
      const { changes } = sql(
        `DELETE FROM deploy_file WHERE (deploy, leaf, path) IN
           (SELECT deploy, leaf, path FROM deploy_file WHERE deploy = ? LIMIT ?)`,
      ).run(next, limit - dropped);
      dropped += Number(changes);
    }
    return dropped;
  }

  function emptyDeploys(limit: number): number {
    const { changes } = sql(
      `DELETE FROM deploy WHERE number IN (SELECT number FROM deploy d WHERE d.created = 0
         AND NOT EXISTS (SELECT 1 FROM deploy_file f WHERE f.deploy = d.number) LIMIT ?)`,
    ).run(limit);
    return Number(changes);
  }

  function uploadsOfDeletedSites(limit: number): number {
    const { changes } = sql(
      `DELETE FROM site_object WHERE (site, digest) IN
         (SELECT o.site, o.digest FROM site s CROSS JOIN site_object o ON o.site = s.id WHERE s.deleted = 1 LIMIT ?)`,
    ).run(limit);
    return Number(changes);
  }

  /** Rows of S3 clients that no longer say anything: deletions that are published, and rows of deleted sites. */
  function bucketRows(limit: number): number {
    const deletions = sql(
      `DELETE FROM bucket_object WHERE (site, path) IN
         (SELECT b.site, b.path FROM bucket_object b JOIN site s ON s.id = b.site
            WHERE b.digest IS NULL AND b.number <= s.held_done LIMIT ?)`,
    ).run(limit);
    const deleted = sql(
      `DELETE FROM bucket_object WHERE (site, path) IN
         (SELECT b.site, b.path FROM site s CROSS JOIN bucket_object b ON b.site = s.id WHERE s.deleted = 1 LIMIT ?)`,
    ).run(limit);
    return Number(deletions.changes) + Number(deleted.changes);
  }

  /** Multipart uploads that nobody goes on with, and results that nobody asks for again. */
  function multiparts({ answeredBefore }: Limits, limit: number): number {
    const gone = sql(
      `DELETE FROM multipart WHERE id IN (SELECT id FROM multipart WHERE created < :before
         UNION ALL SELECT m.id FROM site s CROSS JOIN multipart m ON m.site = s.id WHERE s.deleted = 1 LIMIT :limit)
       RETURNING id`,
    ).all({ before: answeredBefore, limit });
    for (const { id } of gone) sql('DELETE FROM multipart_part WHERE upload = ?').run(String(id));
    return gone.length;
  }

  return {
    dropLeftovers: (limits, limit) =>
      transaction(database, () => {
        let dropped = giveUpDeploys(limits, limit);
        if (dropped < limit) dropped += staleFiles(limits, limit - dropped);
        if (dropped < limit) dropped += emptyDeploys(limit - dropped);
        if (dropped < limit) dropped += uploadsOfDeletedSites(limit - dropped);
        if (dropped < limit) dropped += bucketRows(limit - dropped);
        if (dropped < limit) dropped += multiparts(limits, limit - dropped);
        return dropped >= limit;
      }),
  };
}
