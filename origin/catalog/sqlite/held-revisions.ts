import type { BucketReader } from '../../../shared/content/manifest/buckets.ts';
import type { ManifestReader } from '../../../shared/content/manifest/reading.ts';
import { openBucketReader } from '../../../shared/content/manifest/sqlite/buckets.ts';
import { openManifestReader } from '../../../shared/content/manifest/sqlite/reading.ts';
import { SkerryError } from '../../../shared/errors.ts';
import type { CatalogContext } from './context.ts';

/**
 * Reads manifests and buckets of revisions that are held. Retention may run between two pages of a reader. A page of a
 * revision that has lost its row is refused, because some of its entries may be gone.
 */
export function heldRevisionReaders({
  database,
  sql,
}: Pick<CatalogContext, 'database' | 'sql'>): ManifestReader & BucketReader {
  const manifests = openManifestReader(database);
  const buckets = openBucketReader(database);
  const need = (site: number, revision: number) => needRevision(sql, site, revision);

  return {
    entryAt(site, revision, path) {
      need(site, revision);
      return manifests.entryAt(site, revision, path);
    },
    manifestPage(site, revision, after, limit) {
      need(site, revision);
      return manifests.manifestPage(site, revision, after, limit);
    },
    diffPage(site, from, to, after, limit) {
      need(site, from);
      need(site, to);
      return manifests.diffPage(site, from, to, after, limit);
    },
    nodesAt(site, revision) {
      need(site, revision);
      return buckets.nodesAt(site, revision);
    },
    leavesAt(site, revision, nodes) {
      need(site, revision);
      return buckets.leavesAt(site, revision, nodes);
    },
    leafEntries(site, revision, leaf) {
      need(site, revision);
      return buckets.leafEntries(site, revision, leaf);
    },
  };
}

/** Throws `no-such-revision` for a revision that is not held. Revision 0 always is. */
export function needRevision(sql: CatalogContext['sql'], site: number, revision: number): void {
  if (revision === 0) return;
  if (sql('SELECT 1 FROM revision WHERE site = ? AND revision = ?').get(site, revision) !== undefined) return;
  throw new SkerryError('no-such-revision', `there is no revision ${revision}`);
}
