import type { TreeQuota, TreeSize } from '../../../shared/site/quota.ts';
import type { BucketState } from './bucket-rows.ts';
import type { CatalogContext } from './context.ts';

const MOST_KNOWN = 1000;

interface Known extends TreeSize {
  readonly tip: number;
  readonly done: number;
  /** The newest change that is counted. */
  readonly number: number;
}

/** Knows how large sites with quotas are, as S3 clients see them: the tip with the held changes over it. */
export interface HeldSize {
  /** Undefined for a site whose tree may have any size. */
  quota(site: number): TreeQuota | undefined;
  of(state: BucketState, newest: number): TreeSize;
  /** The bytes of the parts of all open uploads. */
  parts(site: number): number;
  /** Remembers the size with one more change, so that no put adds up all that are held. */
  note(state: BucketState, number: number, size: TreeSize): void;
}

export function heldSize(sql: CatalogContext['sql']): HeldSize {
  const known = new Map<number, Known>();

  function quota(site: number) {
    const row = sql(
      `SELECT json_extract(policy, '$.quota.files') AS files, json_extract(policy, '$.quota.bytes') AS bytes
       FROM site WHERE id = ?`,
    ).get(site);
    const limit = (value: unknown) =>
      typeof value === 'number' || typeof value === 'bigint' ? Number(value) : null;
    const [files, bytes] = [limit(row?.files), limit(row?.bytes)];
    if (files !== null || bytes !== null) return { files, bytes };
    // From now on, changes are not counted.
    known.delete(site);
    return undefined;
  }

  function added({ site, tip, done }: BucketState): TreeSize {
    const published = sql('SELECT files, bytes FROM revision WHERE site = ? AND revision = ?').get(site, tip);
    const held = sql(
      `SELECT count(b.digest) - count(e.id) AS files,
         total(CASE WHEN b.digest IS NULL THEN 0 ELSE b.size END) - total(e.size) AS bytes
       FROM bucket_object b INDEXED BY bucket_object_number
         LEFT JOIN entry e INDEXED BY entry_listing
           ON e.site = b.site AND e.path = b.path AND e.from_rev <= :tip AND e.to_rev > :tip
       WHERE b.site = :site AND b.number > :done`,
    ).get({ site, tip, done });
    return {
      files: Number(published?.files ?? 0) + Number(held?.files),
      bytes: Number(published?.bytes ?? 0) + Number(held?.bytes),
    };
  }

  function note({ site, tip, done }: BucketState, number: number, { files, bytes }: TreeSize): void {
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(site, { tip, done, number, files, bytes });
  }

  return {
    quota,
    of(state, newest) {
      const last = known.get(state.site);
      const isTrue = last?.tip === state.tip && last.done === state.done && last.number === newest;
      if (isTrue) return last;
      const size = added(state);
      note(state, newest, size);
      return size;
    },
    parts: (site) =>
      Number(
        sql('SELECT total(bytes) AS bytes FROM multipart WHERE site = ? AND result IS NULL').get(site)?.bytes,
      ),
    note,
  };
}
