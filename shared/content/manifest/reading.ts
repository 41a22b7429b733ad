import type { ContentPath } from '../content-path.ts';
import type { Change } from '../diff.ts';
import type { Entry } from '../entry.ts';

/** The position where the next page of a listing begins. It is opaque to callers. */
export interface DiffCursor {
  readonly side: 'delete' | 'put';
  readonly revision: number;
  readonly id: number;
}

interface DiffPage {
  readonly changes: readonly Change[];
  /** Absent when the diff is complete. */
  readonly next?: DiffCursor;
}

export interface ManifestCursor {
  readonly leaf: number;
  readonly path: string;
}

interface ManifestPage {
  readonly entries: readonly Entry[];
  readonly next?: ManifestCursor;
}

/** Reads any revealed revision. Revision 0 is the empty state before the first one. */
export interface ManifestReader {
  entryAt(site: number, revision: number, path: ContentPath): Entry | undefined;
  /**
   * The entries of one revision, by leaf and then by path. A leaf is a hash of the path, so the entries are not in the
   * order of their paths.
   */
  manifestPage(
    site: number,
    revision: number,
    after: ManifestCursor | undefined,
    limit: number,
  ): ManifestPage;
  /**
   * The changes that lead from one revision to another, forwards or backwards. The cost depends on the number of rows
   * that changed in between.
   */
  diffPage(site: number, from: number, to: number, after: DiffCursor | undefined, limit: number): DiffPage;
}

/** The sizes of diffs, for the writer of the database. Unlike a page of a diff, a call reads all rows that changed. */
export interface DiffSizes {
  /** The total size of the files that are new or changed between one revision and another. */
  bytesPut(site: number, from: number, to: number): number;
}
