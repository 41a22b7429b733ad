import { leavesOf } from '../../../shared/content/buckets.ts';
import { contentDigest } from '../../../shared/content/content-digest.ts';
import { ENTRY_COLUMNS, toEntry } from '../../../shared/content/manifest/sqlite/rows.ts';
import type { ContentReads } from '../content-calls.ts';
import type { CatalogContext } from './context.ts';
import { needRevision } from './held-revisions.ts';

export function contentReads({ sql }: Pick<CatalogContext, 'sql'>): ContentReads {
  const ofNode = (columns: string) =>
    sql(
      `SELECT ${columns} FROM entry e WHERE site = :site AND leaf BETWEEN :first AND :last
       AND from_rev <= :revision AND to_rev > :revision ORDER BY leaf, path`,
    );
  return {
    contentDigests(site, revision, first, last) {
      needRevision(sql, site, revision);
      // SQLite joins the parts faster than they are read one by one. The text is that of `contentText`.
      const texts = ofNode("concat_ws(char(10), lower(hex(e.digest)), e.type, e.meta, e.path, '') AS text");
      return Array.from({ length: last - first + 1 }, (_, i) =>
        contentDigest(
          texts.all({ site, revision, ...leavesOf(first + i) }).map(({ text }) => text as string),
        ),
      );
    },

    nodeEntries(site, revision, node) {
      needRevision(sql, site, revision);
      return ofNode(ENTRY_COLUMNS)
        .all({ site, revision, ...leavesOf(node) })
        .map(toEntry);
    },
  };
}
