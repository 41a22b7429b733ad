import type { Change } from '../../../shared/content/diff.ts';
import type { Entry } from '../../../shared/content/entry.ts';
import type { ObjectFetch } from '../fetch/object-fetch.ts';

/** An object that a path needs. */
export type PathObject = Pick<Entry, 'path' | 'digest' | 'size' | 'chunks'>;

/** When more are lacking, they are read from the catalog again, page by page. */
const MOST = 10_000;

/**
 * Finds out which objects of a first revision the store lacks, while the manifest is staged. Most objects were fetched
 * ahead, so the edge need not read the manifest again to find the few others. A page of changes is looked up while the
 * next is staged, and never before it is staged itself: pruning removes objects that no entry names.
 */
export class AbsentObjects {
  readonly #objects: Pick<ObjectFetch, 'lacking'>;
  #staged: readonly Change[] = [];
  #looked: Promise<void> = Promise.resolve();
  #found: PathObject[] | undefined = [];

  constructor(objects: Pick<ObjectFetch, 'lacking'>) {
    this.#objects = objects;
  }

  /** Called when all earlier pages are staged and this one is about to be. Resolves when there is room for it. */
  async next(page: readonly Change[]): Promise<void> {
    await this.#looked;
    this.#looked = this.#look(this.#staged);
    // The promise is awaited before the next page or at the end. Until then its rejection would be unhandled.
    this.#looked.catch(() => {});
    this.#staged = page;
  }

  /** Called when all pages are staged. Undefined when too many objects are lacking. */
  async end(): Promise<readonly PathObject[] | undefined> {
    await this.next([]);
    await this.#looked;
    return this.#found;
  }

  async #look(changes: readonly Change[]): Promise<void> {
    if (this.#found === undefined || changes.length === 0) return;
    const objects = changes.flatMap((change) => (change.kind === 'put' ? [change.entry] : []));
    this.#found.push(...(await this.#objects.lacking(objects)));
    if (this.#found.length > MOST) this.#found = undefined;
  }
}
