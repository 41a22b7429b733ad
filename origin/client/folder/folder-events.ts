import { existsSync, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { watch } from 'chokidar';
import { Wakeup } from '../../../shared/concurrency/wakeup.ts';
import { FORMAT_FILE } from '../../../shared/files/data-folder.ts';
import { Burst } from './burst.ts';
import { IGNORE_FILE, type LeftOut, readLeftOut } from './left-out.ts';
import { isPrivateName, realFolder } from './scan.ts';

/** A folder that another takes the place of tells nobody. */
const LOOKED_EVERY_MS = 500;

export interface FolderEvents {
  close(): Promise<void>;
}

export interface FolderListener {
  /** Paths of files that were added, changed or deleted, a burst at a time. */
  touched(paths: ReadonlySet<string>): void;
  /** Anything may be different: the folder went or came back, or leaves other files out. */
  renewed(): void;
  failed(error: unknown): void;
}

/**
 * Watches what is published of a folder, also when it goes and comes back, or another takes its place. Resolves once
 * changes are seen: what is on disk after that is noticed. Throws `not-a-folder`.
 */
export async function watchFolderEvents(
  root: string,
  include: readonly string[],
  listener: FolderListener,
): Promise<FolderEvents> {
  const stop = new AbortController();
  const rulesChanged = new Wakeup();
  const burst = new Burst<string>((paths) => {
    if (!paths.has(IGNORE_FILE)) return listener.touched(paths);
    identity = undefined;
    rulesChanged.wake();
  });
  let identity: string | undefined = await identityOf(root);
  let told: string | undefined;
  let watcher: FolderEvents | undefined = await openWatcher(root, include, burst, listener.failed);

  async function lookAgain(): Promise<void> {
    const now = await identityOf(root).catch(() => undefined);
    if (now === identity) return;
    // Before it opens: rules that change meanwhile make it unknown again.
    identity = now;
    await watcher?.close();
    watcher = now === undefined ? undefined : await openWatcher(root, include, burst, listener.failed);
    listener.renewed();
  }

  async function keepLooking(): Promise<void> {
    while (!stop.signal.aborted) {
      await rulesChanged.wait(LOOKED_EVERY_MS, stop.signal);
      if (stop.signal.aborted) return;
      try {
        await lookAgain();
        told = undefined;
      } catch (error) {
        // It went again meanwhile, or its rules cannot be read: it is looked at until it is well.
        identity = undefined;
        if (told !== String(error)) listener.failed(error);
        told = String(error);
      }
    }
  }

  const looking = keepLooking();
  return {
    async close() {
      stop.abort();
      burst.close();
      await looking;
      await watcher?.close();
    },
  };
}

/** Another one for a folder that takes its place, or that a link leads to from now on, and for other rules. */
async function identityOf(root: string): Promise<string> {
  const top = await realFolder(root);
  // A new folder may have the number of the one that went.
  const { dev, ino, birthtimeNs } = await stat(top, { bigint: true });
  return `${top} ${dev} ${ino} ${birthtimeNs} ${await versionOfRules(top)}`;
}

/** A watcher that opens has read the rules before it sees changes: nothing else tells of one in between. */
async function versionOfRules(top: string): Promise<string> {
  try {
    const { ino, ctimeNs, size } = await stat(join(top, IGNORE_FILE), { bigint: true });
    return `${ino} ${ctimeNs} ${size}`;
  } catch {
    return 'none';
  }
}

async function openWatcher(
  root: string,
  include: readonly string[],
  burst: Burst<string>,
  failed: (error: unknown) => void,
): Promise<FolderEvents> {
  const top = await realFolder(root);
  const rules = await readLeftOut(top, include);
  const pathOf = (file: string) => relative(top, file).split(sep).join('/');
  let isClosed = false;
  const watcher = watch(top, {
    ignoreInitial: true,
    // It would hold deletions back; here the burst does that, and what counts is what is there at its end.
    atomic: false,
    ignored: (file, stats) =>
      isClosed || isPrivate(file, pathOf(file)) || isLeftOut(rules, pathOf(file), stats),
  });
  for (const event of ['add', 'change', 'unlink'] as const)
    watcher.on(event, (file) => burst.add(pathOf(file)));
  watcher.on('error', failed);
  await new Promise<void>((resolve) => watcher.once('ready', () => resolve()));
  return {
    async close() {
      // One that is looking at a file that went begins to watch the folder around it, also when it is closed.
      isClosed = true;
      const closing = watcher.close();
      // It has taken all listeners away, and an error that nobody listens for ends the process.
      watcher.on('error', () => {});
      await closing;
    },
  };
}

/**
 * A data folder within the watched one changes with each publish: to watch it would never end. What is around the
 * folder is asked about when the folder goes.
 */
function isPrivate(file: string, path: string): boolean {
  if (path === '..' || path.startsWith('../')) return true;
  return path.split('/').some(isPrivateName) || existsSync(join(file, FORMAT_FILE));
}

/** As long as it is not known what it is, it may be anything. */
function isLeftOut(rules: LeftOut, path: string, stats: Stats | undefined): boolean {
  if (path === '' || path === IGNORE_FILE || stats === undefined) return false;
  return stats.isDirectory() ? rules.folder(path) : rules.file(path);
}
