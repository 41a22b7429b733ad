import type { Commit } from '../../shared/api.ts';
import { Batcher } from '../../shared/batcher.ts';
import type { ContentPath } from '../../shared/content-path.ts';
import type { Change } from '../../shared/diff.ts';
import { mediaType } from '../../shared/media-type.ts';
import type { Catalog, StoredObject } from '../log/catalog.ts';
import type { Committer } from '../log/commit.ts';

const MOST_PER_COMMIT = 2000;

type FileChange =
  | { readonly kind: 'put'; readonly path: ContentPath; readonly object: StoredObject }
  | { readonly kind: 'delete'; readonly path: ContentPath };

/** Single files put and deleted: those that arrive while a commit of their site runs share the next one. */
export class FileChanges {
  readonly #catalog: Catalog;
  readonly #committer: Committer;
  readonly #sites = new Map<number, Batcher<FileChange, Commit>>();

  constructor(catalog: Catalog, committer: Committer) {
    this.#catalog = catalog;
    this.#committer = committer;
  }

  add(site: number, change: FileChange): Promise<Commit> {
    let batcher = this.#sites.get(site);
    if (batcher === undefined) {
      batcher = new Batcher((changes) => this.#commit(site, changes), MOST_PER_COMMIT);
      this.#sites.set(site, batcher);
    }
    return batcher.add(change);
  }

  #commit(site: number, changes: readonly FileChange[]): Promise<Commit> {
    return this.#committer.commitChanges(site, '', async (time) => {
      const last = new Map(changes.map((change) => [change.path, change]));
      const real: Change[] = [];
      for (const change of last.values()) {
        const current = await this.#catalog.staged(site, change.path);
        if (change.kind === 'delete') {
          if (current !== undefined) real.push(change);
        } else if (current?.digest !== change.object.digest) {
          const { digest, size, chunks } = change.object;
          const { path } = change;
          real.push({
            kind: 'put',
            entry: { path, digest, size, chunks, type: mediaType(path), meta: [], time },
          });
        }
      }
      return real;
    });
  }
}
