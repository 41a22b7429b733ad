import type { ContentPath } from '../../../shared/content/content-path.ts';
import { digestBytes, digestFromBytes } from '../../../shared/content/digest.ts';
import type { Row } from '../../../shared/content/manifest/sqlite/rows.ts';
import { SkerryError } from '../../../shared/errors.ts';
import { transaction } from '../../../shared/sqlite/open.ts';
import { MOST_MULTIPARTS } from '../limits.ts';
import type {
  Multipart,
  MultipartCalls,
  MultipartDetail,
  MultipartPart,
  PartOutcome,
} from '../multipart-calls.ts';
import type { BucketWriter } from './bucket-writer.ts';
import type { CatalogContext } from './context.ts';

export function multipartCalls(
  { database, sql }: CatalogContext,
  writer: Pick<BucketWriter, 'change' | 'hasRoom'>,
): MultipartCalls {
  const dropParts = (id: string) => sql('DELETE FROM multipart_part WHERE upload = ?').run(id);
  const openUpload = (id: string) =>
    sql('SELECT site, bytes FROM multipart WHERE id = ? AND result IS NULL').get(id);

  /** What becomes of a part, and how many bytes more its upload has with it. */
  function judged({ upload, number, size }: Pick<MultipartPart, 'upload' | 'number' | 'size'>): {
    readonly outcome: PartOutcome;
    readonly growth: number;
  } {
    const open = openUpload(upload);
    if (open === undefined) return { outcome: 'missing', growth: 0 };
    const row = sql('SELECT size FROM multipart_part WHERE upload = ? AND number = ?').get(upload, number);
    const replaced = Number(row?.size ?? 0);
    const fits = writer.hasRoom(Number(open.site), size, replaced);
    return { outcome: fits ? 'done' : 'full', growth: size - replaced };
  }

  return {
    createMultipart({ id, site, path, created, detail }) {
      transaction(database, () => {
        const open = sql('SELECT count(*) AS open FROM multipart WHERE site = ? AND result IS NULL').get(
          site,
        );
        if (Number(open?.open) >= MOST_MULTIPARTS)
          throw new SkerryError(
            'too-many-requests',
            `${MOST_MULTIPARTS} multipart uploads of this site are not completed`,
          );
        sql('INSERT INTO multipart (id, site, path, created, detail) VALUES (?, ?, ?, ?, ?)').run(
          ...[id, site, path, created, JSON.stringify(detail)],
        );
      });
    },

    multipart(id) {
      const row = sql('SELECT * FROM multipart WHERE id = ?').get(id);
      return row && toMultipart(row);
    },

    multiparts: (site, prefix, after, limit) =>
      sql(
        `SELECT * FROM multipart WHERE site = :site AND (path, id) > (:path, :id) AND path >= :prefix
           AND substr(path, 1, length(:prefix)) = :prefix AND result IS NULL ORDER BY path, id LIMIT :limit`,
      )
        .all({ site, path: after.path, id: after.id, prefix, limit })
        .map(toMultipart),

    judgePart: (part) => judged(part).outcome,

    addParts: (parts) =>
      transaction(database, () =>
        parts.map((part) => {
          const { outcome, growth } = judged(part);
          if (outcome !== 'done') return outcome;
          const { upload, number, digest, size, time, etag, checksum } = part;
          sql('UPDATE multipart SET bytes = bytes + ? WHERE id = ?').run(growth, upload);
          sql(
            `INSERT OR REPLACE INTO multipart_part (upload, number, digest, size, time, etag, checksum)
             VALUES (?, ?, ?, ?, ?, ?, ?)`,
          ).run(upload, number, digestBytes(digest), size, time, etag, checksum);
          return outcome;
        }),
      ),

    parts: (upload, after, limit) =>
      sql('SELECT * FROM multipart_part WHERE upload = ? AND number > ? ORDER BY number LIMIT ?')
        .all(upload, after, limit)
        .map((row) => ({
          upload,
          number: Number(row.number),
          digest: digestFromBytes(row.digest as Uint8Array),
          size: Number(row.size),
          time: Number(row.time),
          etag: String(row.etag),
          checksum: row.checksum as string | null,
        })),

    finishMultipart: (id, result, change, time) =>
      transaction(database, () => {
        const open = openUpload(id);
        if (open === undefined) return 'missing';
        const outcome = writer.change(change, time, Number(open.bytes));
        if (outcome !== 'done') return outcome;
        sql('UPDATE multipart SET result = ?, bytes = 0 WHERE id = ?').run(result, id);
        dropParts(id);
        return outcome;
      }),

    dropMultipart: (id) =>
      transaction(database, () => {
        const { changes } = sql('DELETE FROM multipart WHERE id = ? AND result IS NULL').run(id);
        if (changes > 0) dropParts(id);
        return changes > 0;
      }),
  };
}

function toMultipart(row: Row): Multipart {
  return {
    id: String(row.id),
    site: Number(row.site),
    path: row.path as ContentPath,
    created: Number(row.created),
    detail: JSON.parse(String(row.detail)) as MultipartDetail,
    result: row.result as string | null,
  };
}
