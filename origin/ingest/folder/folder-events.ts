import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { watch } from 'chokidar';
import { FORMAT_FILE } from '../../../shared/data-folder.ts';
import { Burst } from './burst.ts';
import { isPrivateName } from './scan.ts';

export interface FolderEvents {
  close(): Promise<void>;
}

/**
 * Watches a folder; `touched` gets the paths of files that were added, changed or deleted, a burst at a time.
 * Resolves once changes are seen: what is on disk after that is noticed.
 */
export async function watchFolderEvents(
  root: string,
  touched: (paths: ReadonlySet<string>) => void,
  failed: (error: unknown) => void,
): Promise<FolderEvents> {
  const top = await realpath(root);
  const pathOf = (file: string) => relative(top, file).split(sep).join('/');
  const burst = new Burst<string>(touched);
  const watcher = watch(top, {
    ignoreInitial: true,
    // It would hold deletions back; here the burst does that, and what counts is what is there at its end.
    atomic: false,
    ignored: (file) => isPrivate(file, pathOf(file)),
  });
  for (const event of ['add', 'change', 'unlink'] as const)
    watcher.on(event, (file) => burst.add(pathOf(file)));
  watcher.on('error', failed);
  await new Promise<void>((resolve) => watcher.once('ready', () => resolve()));
  return {
    async close() {
      burst.close();
      await watcher.close();
    },
  };
}

/** A data folder within the watched one changes with each publish: to watch it would never end. */
function isPrivate(file: string, path: string): boolean {
  return path.split('/').some(isPrivateName) || existsSync(join(file, FORMAT_FILE));
}
