import type { Clock } from '../../../shared/clock.ts';
import { Wakeup } from '../../../shared/concurrency/wakeup.ts';
import type { ContentPath } from '../../../shared/content/content-path.ts';
import { hasCode, SkerryError, toSkerryError } from '../../../shared/errors.ts';
import type { Commit, Revision } from '../../../shared/wire/api.ts';
import { deployLines, type FolderState, folderState, planChanges, rolledBackFrom } from './change-plan.ts';
import { watchFolderEvents } from './folder-events.ts';
import { type HashedFile, hashFiles } from './hash-files.ts';
import { readLeftOut } from './left-out.ts';
import { existingSite } from './new-site.ts';
import { isRefusedForNow, waitAfter } from './patience.ts';
import {
  isMovingTarget,
  type PublishParts,
  publishChanges,
  publishFolder,
  refuseShrinking,
} from './publish-folder.ts';
import { scanFile, scanFolder } from './scan.ts';

const UNTIL_CHANGED_MS = 3_600_000;
/**
 * A folder that seemed half-built is read again when nothing has changed for `quietMs`, or after `latestMs` at the
 * latest.
 */
const BUILT = { quietMs: 1000, latestMs: 10_000 };

export type PublishedChanges =
  | { readonly kind: 'whole'; readonly files: number; readonly leftOut: number }
  | { readonly kind: 'changes'; readonly put: number; readonly deleted: number };

export interface WatchParts extends PublishParts {
  readonly clock: Clock;
  readonly published: (commit: Commit, changes: PublishedChanges) => void;
  /** Called when publishing stops until the folder, or what is missing in it, is back. */
  readonly waiting: (reason: SkerryError) => void;
  readonly failed: (error: unknown) => void;
}

/** Whether the next attempt may succeed without a change in the folder. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof SkerryError)) return true;
  return error.status >= 500 || isRefusedForNow(error) || isMovingTarget(error);
}

/** The state of the folder that the origin last accepted. */
interface Known {
  readonly revision: number;
  readonly state: FolderState;
}

interface Taken {
  readonly paths: readonly string[];
  /** Anything may have changed. */
  readonly isWhole: boolean;
}

const WHOLE: Taken = { paths: [], isWhole: true };

/** The changes in the folder since the last call of `take`. */
class Changes {
  readonly #touched = new Set<string>();
  #mustRescan = false;
  readonly #wakeup = new Wakeup();
  #count = 0;
  #taken = 0;

  get areNone(): boolean {
    return this.#touched.size === 0 && !this.#mustRescan;
  }

  touch(paths: ReadonlySet<string>): void {
    for (const path of paths) this.#touched.add(path);
    this.#wake();
  }

  rescan(): void {
    this.#mustRescan = true;
    this.#wake();
  }

  take(): Taken {
    const taken = { paths: [...this.#touched], isWhole: this.#mustRescan };
    this.#touched.clear();
    this.#mustRescan = false;
    this.#taken = this.#count;
    return taken;
  }

  /**
   * Puts back changes that could not be published. They are published together with the next change, but do not end a
   * wait for it.
   */
  giveBack({ paths, isWhole }: Taken): void {
    for (const path of paths) this.#touched.add(path);
    this.#mustRescan ||= isWhole;
  }

  /**
   * Resolves with the next change, or at once when a change came after the last `take`, since it may have come during a
   * publish. Resolves after an hour in any case.
   */
  async next(signal: AbortSignal): Promise<void> {
    if (this.#count === this.#taken) await this.#wakeup.wait(UNTIL_CHANGED_MS, signal);
  }

  /** Like `next`, but then also waits until the folder is quiet, or has been changing for long. */
  async settled(clock: Clock, signal: AbortSignal): Promise<void> {
    await this.next(signal);
    const latest = clock.monotonic() + BUILT.latestMs;
    for (let seen = -1; seen !== this.#count && clock.monotonic() < latest && !signal.aborted; ) {
      seen = this.#count;
      await this.#wakeup.wait(BUILT.quietMs, signal);
    }
  }

  #wake(): void {
    this.#count++;
    this.#wakeup.wake();
  }
}

/**
 * Publishes a folder and then each change to it, until the signal aborts. Changes during an outage of the origin are
 * published when it is back. After a rollback, nothing is published until the folder changes. If the folder is gone, or
 * has lost so many files that a build may be running, this waits until they are back.
 */
export async function watchFolder(parts: WatchParts, folder: string): Promise<void> {
  const { signal, failed, clock } = parts;
  const changes = new Changes();
  // Watching begins before the first scan, so that no change in between is missed.
  const events = await watchFolderEvents(folder, parts.include ?? [], {
    touched: (paths) => changes.touch(paths),
    renewed: () => changes.rescan(),
    failed: (error) => {
      failed(error);
      changes.rescan();
    },
  });
  try {
    let known: Known | undefined;
    let waitsFor: string | undefined;
    for (let attempt = 0; !signal.aborted; ) {
      if (known !== undefined && changes.areNone) {
        await changes.next(signal);
        continue;
      }
      const taken = changes.take();
      try {
        if (known === undefined) known = await firstPublish(parts, folder);
        else if (taken.isWhole) known = await publishAll(parts, folder);
        else known = await publishTouched(parts, folder, known, taken.paths);
        attempt = 0;
        waitsFor = undefined;
      } catch (error) {
        if (signal.aborted) return;
        const wasThere = known !== undefined || waitsFor !== undefined;
        if (hasCode(error, 'would-shrink') || (wasThere && hasCode(error, 'not-a-folder'))) {
          const reason = toSkerryError(error);
          if (waitsFor !== reason.code) parts.waiting(reason);
          waitsFor = reason.code;
          await changes.settled(clock, signal);
          changes.giveBack(WHOLE);
          continue;
        }
        if (known === undefined && !isRefusedForNow(error)) throw error;
        failed(error);
        changes.giveBack(taken);
        if (isPassing(error)) await clock.sleep(waitAfter(error, attempt++), signal).catch(() => {});
        else await changes.next(signal);
      }
    }
  } finally {
    await events.close();
  }
}

async function firstPublish(parts: WatchParts, folder: string): Promise<Known> {
  const turnedAwayFrom = rolledBackFrom(await revisionsSoFar(parts));
  if (turnedAwayFrom === undefined) return publishAll(parts, folder);
  const { files: found } = await scanFolder(folder, await readLeftOut(folder, parts.include ?? []));
  const files = await hashFiles(found, parts.hashThreads, () => {}, parts.signal);
  const state = folderState(files);
  const { revision } = turnedAwayFrom;
  if (await equalsRevision(parts, state, revision)) return { revision, state };
  return publishAll(parts, folder);
}

async function revisionsSoFar({ client, site }: WatchParts): Promise<Revision[]> {
  return (await existingSite(client, site)) === undefined ? [] : client.revisions(site);
}

async function equalsRevision(
  { client, site }: WatchParts,
  state: FolderState,
  revision: number,
): Promise<boolean> {
  let same = 0;
  for await (const { path, digest } of client.manifest(site, revision)) {
    if (state.get(path as ContentPath) !== digest) return false;
    same++;
  }
  return same === state.size;
}

async function publishAll(parts: WatchParts, folder: string): Promise<Known> {
  const { commit, state, files, leftOut } = await publishFolder(parts, folder);
  parts.published(commit, { kind: 'whole', files, leftOut });
  return { revision: commit.revision, state: state() };
}

async function publishTouched(
  parts: WatchParts,
  folder: string,
  known: Known,
  paths: readonly string[],
): Promise<Known> {
  const rules = await readLeftOut(folder, parts.include ?? []);
  const looked = new Map<ContentPath, HashedFile | undefined>();
  for (const path of paths) {
    const found = await scanFile(folder, path, rules);
    const [hashed] =
      found === undefined ? [] : await hashFiles([found], parts.hashThreads, () => {}, parts.signal);
    looked.set(path as ContentPath, hashed);
  }
  const changes = planChanges(known.state, looked);
  const lines = deployLines(changes);
  if (lines.length === 0) return known;
  refuseShrinking(parts, { before: known.state.size, after: changes.after.size });
  try {
    // What is published is the folder, as it was and with its changes, and nothing from elsewhere.
    const asFolder = { ...parts, commit: { ...parts.commit, onConflict: 'replace' as const } };
    const header = { base: known.revision };
    const { commit } = await publishChanges(asFolder, header, lines, changes.put, () => {});
    const { put, deleted } = changes;
    parts.published(commit, { kind: 'changes', put: put.length, deleted: deleted.length });
    return { revision: commit.revision, state: changes.after };
  } catch (error) {
    if (!hasCode(error, 'no-such-revision')) throw error;
    if (error instanceof SkerryError) parts.failed(error);
    return publishAll(parts, folder);
  }
}
