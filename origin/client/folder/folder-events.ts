import { existsSync, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { watch } from 'chokidar';
import { Wakeup } from '../../../shared/concurrency/wakeup.ts';
import { isPrivateName } from '../../../shared/content/private-name.ts';
import { FORMAT_FILE } from '../../../shared/files/format-file.ts';
import { Burst } from './burst.ts';
import { IGNORE_FILE, type LeftOut, readLeftOut } from './left-out.ts';
import { realFolder } from './scan.ts';

/** No event announces that another folder has replaced the watched one, so its identity is checked this often. */
const LOOKED_EVERY_MS = 500;

export interface FolderEvents {
  close(): Promise<void>;
}

export interface FolderListener {
  /** Paths of files that were added, changed or deleted, one burst at a time. */
  touched(paths: ReadonlySet<string>): void;
  /** Anything may have changed: the folder was removed or came back, or its rules now leave out other files. */
  renewed(): void;
  failed(error: unknown): void;
}

/**
 * Watches the published files of a folder, even when the folder is removed and comes back, or is replaced. All changes
 * on disk after the promise has resolved are noticed. Throws `not-a-folder`.
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
    // The identity is set before the watcher opens: if the rules change in between, it becomes unknown again.
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
        // The folder has gone again, or its rules cannot be read. It is checked until it is readable.
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

/**
 * The identity changes when another folder replaces this one, when a link leads elsewhere, and when the rules change.
 */
async function identityOf(root: string): Promise<string> {
  const top = await realFolder(root);
  // A new folder may have the inode of the one that was removed.
  const { dev, ino, birthtimeNs } = await stat(top, { bigint: true });
  return `${top} ${dev} ${ino} ${birthtimeNs} ${await versionOfRules(top)}`;
}

/**
 * The version of the rules. A watcher reads the rules before it sees changes, and nothing announces a change in
 * between.
 */
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
    // The option `atomic` would delay deletions. The burst delays them already, and only the state at its end counts.
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
      // A watcher that is examining a file when the file is removed begins to watch the folder around it, even after
      // the close.
      isClosed = true;
      const closing = watcher.close();
      // Closing removes all listeners, and an error without a listener ends the process.
      watcher.on('error', () => {});
      await closing;
    },
  };
}

/**
 * A data folder inside the watched folder changes with each publish, so watching it would cause an endless loop. When
 * the watched folder is removed, the watcher also asks about the paths around it.
 */
function isPrivate(file: string, path: string): boolean {
  if (path === '..' || path.startsWith('../')) return true;
  return path.split('/').some(isPrivateName) || existsSync(join(file, FORMAT_FILE));
}

/** If it is not known whether a path is a file or a folder, it may be either. */
function isLeftOut(rules: LeftOut, path: string, stats: Stats | undefined): boolean {
  if (path === '' || path === IGNORE_FILE || stats === undefined) return false;
  return stats.isDirectory() ? rules.folder(path) : rules.file(path);
}
