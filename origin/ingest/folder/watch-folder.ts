import type { Commit } from '../../../shared/api.ts';
import type { Clock } from '../../../shared/clock.ts';
import type { ContentPath } from '../../../shared/content-path.ts';
import { hasCode, SkerryError } from '../../../shared/errors.ts';
import { backoffDelay } from '../../../shared/retry.ts';
import { Wakeup } from '../../../shared/wakeup.ts';
import { deployLines, type FolderState, folderState, planChanges, rolledBackFrom } from './change-plan.ts';
import { watchFolderEvents } from './folder-events.ts';
import { type HashedFile, hashFiles } from './hash-files.ts';
import { isMovingTarget, type PublishParts, publishChanges, publishFolder } from './publish-folder.ts';
import { scanFile, scanFolder } from './scan.ts';

const BACKOFF = { first: 500, most: 5000 };
const UNTIL_CHANGED_MS = 3_600_000;

export interface WatchParts extends PublishParts {
  readonly clock: Clock;
  readonly published: (commit: Commit, changes: number) => void;
  readonly failed: (error: unknown) => void;
}

function isPassing(error: unknown): boolean {
  return !(error instanceof SkerryError) || error.status >= 500 || isMovingTarget(error);
}

/** What the origin last took from the folder. */
interface Known {
  readonly revision: number;
  readonly state: FolderState;
}

/**
 * Publishes a folder and then each change to it, until the signal aborts. Changes during an outage of the
 * origin are published when it is back; a rollback stands until the folder changes.
 */
export async function watchFolder(parts: WatchParts, folder: string): Promise<void> {
  const { signal, failed } = parts;
  const touched = new Set<string>();
  const wakeup = new Wakeup();
  let mustRescan = false;
  // Watching begins before the first scan, so that nothing falls in between.
  const events = await watchFolderEvents(
    folder,
    (paths) => {
      for (const path of paths) touched.add(path);
      wakeup.wake();
    },
    (error) => {
      failed(error);
      mustRescan = true;
      wakeup.wake();
    },
  );
  try {
    let known = await firstPublish(parts, folder);
    for (let attempt = 0; !signal.aborted; ) {
      if (touched.size === 0 && !mustRescan) {
        await wakeup.wait(UNTIL_CHANGED_MS, signal);
        continue;
      }
      const paths = [...touched];
      touched.clear();
      try {
        known = mustRescan
          ? await publishAll(parts, folder)
          : await publishTouched(parts, folder, known, paths);
        mustRescan = false;
        attempt = 0;
      } catch (error) {
        if (signal.aborted) return;
        failed(error);
        for (const path of paths) touched.add(path);
        // What only a change to the folder can mend waits for one.
        const wait = isPassing(error) ? backoffDelay(attempt++, BACKOFF) : UNTIL_CHANGED_MS;
        await wakeup.wait(wait, signal);
      }
    }
  } finally {
    await events.close();
  }
}

async function firstPublish(parts: WatchParts, folder: string): Promise<Known> {
  const turnedAwayFrom = rolledBackFrom(await parts.client.revisions(parts.site));
  if (turnedAwayFrom === undefined) return publishAll(parts, folder);
  const files = await hashFiles(await scanFolder(folder), parts.surveys, () => {}, parts.signal);
  const state = folderState(files);
  const { revision } = turnedAwayFrom;
  if (await equalsRevision(parts, state, revision)) return { revision, state };
  return publishAll(parts, folder);
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
  const { commit, state, files } = await publishFolder(parts, folder);
  parts.published(commit, files);
  return { revision: commit.revision, state };
}

async function publishTouched(
  parts: WatchParts,
  folder: string,
  known: Known,
  paths: readonly string[],
): Promise<Known> {
  const looked = new Map<ContentPath, HashedFile | undefined>();
  for (const path of paths) {
    const found = await scanFile(folder, path);
    const [hashed] =
      found === undefined ? [] : await hashFiles([found], parts.surveys, () => {}, parts.signal);
    looked.set(path as ContentPath, hashed);
  }
  const changes = planChanges(known.state, looked);
  const lines = deployLines(changes);
  if (lines.length === 0) return known;
  try {
    const { commit } = await publishChanges(parts, known.revision, lines, changes.put, () => {});
    parts.published(commit, lines.length);
    return { revision: commit.revision, state: changes.after };
  } catch (error) {
    if (!hasCode(error, 'no-such-revision')) throw error;
    if (error instanceof SkerryError) parts.failed(error);
    return publishAll(parts, folder);
  }
}
