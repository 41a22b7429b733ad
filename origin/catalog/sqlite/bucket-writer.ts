import type { ContentPath } from '../../../shared/content/content-path.ts';
import { digestBytes } from '../../../shared/content/digest.ts';
import { openManifestReader } from '../../../shared/content/manifest/sqlite/reading.ts';
import { metaText } from '../../../shared/content/manifest/sqlite/rows.ts';
import { SkerryError } from '../../../shared/errors.ts';
import { exceededLimit, type TreeQuota, type TreeSize } from '../../../shared/site/quota.ts';
import type { BucketChange } from '../bucket-calls.ts';
import { type ChangeOutcome, judgeCondition } from '../bucket-condition.ts';
import type { BucketObject } from '../bucket-object.ts';
import { type BucketState, heldObject, publishedObject } from './bucket-rows.ts';
import type { CatalogContext } from './context.ts';
import { heldSize } from './held-size.ts';
import { noteObjects } from './objects.ts';

/**
 * Finds objects as S3 clients see them, and changes them within a transaction of the caller. A catalog has one
 * writer, because it remembers the sizes of sites.
 */
export interface BucketWriter {
  /** Throws `no-such-site`. */
  state(site: number): BucketState;
  /** The number of the newest change. */
  newest(site: number): number;
  find(state: BucketState, path: ContentPath): BucketObject | undefined;
  isEmpty(site: number): boolean;
  /** `freed`: the bytes of parts that the caller deletes with the change. */
  change(change: BucketChange, time: number, freed?: number): ChangeOutcome;
  /** Whether the quota has room for a part that replaces one of `replaced` bytes. Throws `no-such-site`. */
  hasRoom(site: number, size: number, replaced: number): boolean;
}

export function bucketWriter({ database, sql }: CatalogContext): BucketWriter {
  const manifests = openManifestReader(database);
  const sizes = heldSize(sql);

  function state(site: number): BucketState {
    const row = sql('SELECT tip, held_done FROM site WHERE id = ? AND deleted = 0').get(site);
    if (row === undefined) throw new SkerryError('no-such-site', 'the site was deleted');
    return { site, tip: Number(row.tip), done: Number(row.held_done) };
  }

  function newest(site: number): number {
    return Number(
      sql('SELECT max(number) AS number FROM bucket_object WHERE site = ?').get(site)?.number ?? 0,
    );
  }

  function find({ site, tip, done }: BucketState, path: ContentPath): BucketObject | undefined {
    const row = sql('SELECT * FROM bucket_object WHERE site = ? AND path = ?').get(site, path);
    if (row !== undefined && Number(row.number) > done) return heldObject(row);
    const entry = tip === 0 ? undefined : manifests.entryAt(site, tip, path);
    return entry && publishedObject(entry, row);
  }

  return {
    state,
    newest,
    find,
    isEmpty: (site) => sizes.of(state(site), newest(site)).files === 0,
    hasRoom(site, size, replaced) {
      const current = state(site);
      const quota = sizes.quota(site);
      if (quota === undefined) return true;
      const before = withParts(sizes.of(current, newest(site)), sizes.parts(site));
      return exceededLimit(quota, withParts(before, size - replaced), before) === undefined;
    },
    change({ site, path, condition = {}, put }, time, freed = 0) {
      const current = state(site);
      // The store has the object, whether the condition holds or not.
      if (put !== null) noteObjects(sql, [{ ...put, site }], time);
      const present = find(current, path);
      const outcome = judgeCondition(condition, present);
      if (outcome !== 'done' || (put === null && present === undefined)) return outcome;
      const last = newest(site);
      const quota = sizes.quota(site);
      const sized = quota && resized(sizes.of(current, last), present, put);
      if (quota && sized && exceeds(quota, sized, sizes.parts(site), freed)) return 'full';
      // The numbers of deleted rows may be missing, and must not be given out again.
      const number = Math.max(last, current.done) + 1;
      sql(
        `INSERT OR REPLACE INTO bucket_object (site, path, number, digest, size, chunks, type, meta, time, etag, detail)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ).run(
        ...[site, path, number, put && digestBytes(put.digest), put?.size ?? 0],
        put?.chunks ? digestBytes(put.chunks) : null,
        ...[put?.type ?? '', metaText(put?.meta ?? []), time, put?.etag ?? ''],
        put?.detail ? JSON.stringify(put.detail) : '',
      );
      if (sized !== undefined) sizes.note(current, number, sized.after);
      return outcome;
    },
  };
}

type Sized = Pick<BucketObject, 'size'> | null | undefined;

interface Resized {
  readonly before: TreeSize;
  readonly after: TreeSize;
}

/** The tree is judged alone, too: a commit must be able to take it, however many parts make room for it. */
function exceeds(quota: TreeQuota, { before, after }: Resized, parts: number, freed: number): boolean {
  const held = { before: withParts(before, parts), after: withParts(after, parts - freed) };
  return [{ before, after }, held].some(
    (size) => exceededLimit(quota, size.after, size.before) !== undefined,
  );
}

function withParts({ files, bytes }: TreeSize, parts: number): TreeSize {
  return { files, bytes: bytes + parts };
}

function resized(before: TreeSize, present: Sized, put: Sized): Resized {
  const after = {
    files: before.files + (put ? 1 : 0) - (present ? 1 : 0),
    bytes: before.bytes + (put?.size ?? 0) - (present?.size ?? 0),
  };
  return { before, after };
}
