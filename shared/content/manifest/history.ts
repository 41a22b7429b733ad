import type { ContentPath } from '../content-path.ts';
import type { Entry } from '../entry.ts';

export interface FormerEntry {
  readonly entry: Entry;
  readonly revision: number;
}

/** Looks up a path in older revisions that have not been pruned. */
export interface EntryHistory {
  /** The entry of the first of these revisions that has the path. */
  entryAmong(site: number, revisions: readonly number[], path: ContentPath): FormerEntry | undefined;
}
