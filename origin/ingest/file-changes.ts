import type { Clock } from '../../shared/clock.ts';
import { KeyedBatcher } from '../../shared/concurrency/keyed-batcher.ts';
import type { ContentPath } from '../../shared/content/content-path.ts';
import type { Change } from '../../shared/content/diff.ts';
import type { Remote } from '../../shared/process/thread.ts';
import { purgesOfPaths } from '../../shared/site/purge.ts';
import type { Mode } from '../../shared/site/site-policy.ts';
import type { Commit } from '../../shared/wire/api.ts';
import { changeTo } from '../catalog/file-change.ts';
import type { StoredObject } from '../catalog/object-calls.ts';
import type { PurgeCalls } from '../catalog/purge-calls.ts';
import type { SiteReads } from '../catalog/site-calls.ts';
import type { StagingCalls } from '../catalog/staging-calls.ts';
import type { Committer } from '../publish/commit.ts';
import type { CommitOptions } from '../publish/commit-options.ts';

type ChangedCatalog = Pick<Remote<StagingCalls>, 'staged'> &
  Pick<Remote<SiteReads>, 'site'> &
  Pick<Remote<PurgeCalls>, 'addPurges'>;

const MOST_PER_COMMIT = 2000;

type FileChange =
  | { readonly kind: 'put'; readonly path: ContentPath; readonly object: StoredObject }
  | { readonly kind: 'delete'; readonly path: ContentPath };

interface Waiting {
  readonly site: number;
  readonly mode: Mode | undefined;
  readonly change: FileChange;
  /** The monotonic time at which the change was requested. A sync publish must answer within its time-out. */
  readonly began: number;
}

/**
 * Commits changes of single files. Changes that arrive while a commit of their site runs share the next commit of their
 * mode. No change waits for others to arrive. A client that puts a thousand files one after another makes a thousand
 * commits, and each costs syncs to disk, records in the log and a switch of every edge. A client that sends the files
 * in parallel makes a few commits. A deploy makes one.
 */
export class FileChanges {
  readonly #catalog: ChangedCatalog;
  readonly #committer: Committer;
  readonly #clock: Clock;
  readonly #batches = new KeyedBatcher<string, Waiting, Commit>(
    (waiting) => this.#commit(waiting),
    MOST_PER_COMMIT,
  );

  constructor(catalog: ChangedCatalog, committer: Committer, clock: Clock) {
    this.#catalog = catalog;
    this.#clock = clock;
    this.#committer = committer;
  }

  add(site: number, change: FileChange, mode: Mode | undefined): Promise<Commit> {
    return this.#batches.add(`${site} ${mode}`, { site, mode, change, began: this.#clock.monotonic() });
  }

  async #commit(waiting: readonly Waiting[]): Promise<Commit> {
    const [first] = waiting;
    if (first === undefined) throw new Error('a batch has an item');
    const { site, mode } = first;
    const changes = waiting.map(({ change }) => change);
    const options: CommitOptions = { mode, began: Math.min(...waiting.map(({ began }) => began)) };
    return this.#committer.commitChanges(site, options, async (time) => {
      const last = new Map(changes.map((change) => [change.path, change]));
      const real: Change[] = [];
      for (const change of last.values()) {
        const { path } = change;
        const wanted = { path, object: change.kind === 'put' ? change.object : null };
        const made = changeTo(wanted, await this.#catalog.staged(site, path), time);
        if (made !== undefined) real.push(made);
      }
      await this.#purge(site, real, time);
      return real;
    });
  }

  /**
   * Purges files that are deleted by name, so that edges do not serve them from older revisions either. The purge comes
   * before the commit. It runs under the site's lock, although it does not need the lock. A crash in between leaves a
   * purge of files that still exist, which changes nothing.
   */
  async #purge(site: number, changes: readonly Change[], time: number): Promise<void> {
    const paths = changes.flatMap((change) => (change.kind === 'delete' ? [change.path] : []));
    if (paths.length === 0) return;
    await this.#catalog.addPurges(await this.#catalog.site(site), purgesOfPaths(paths), time);
  }
}
