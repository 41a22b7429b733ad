import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * The number of folders that are kept. Older folders are among them, because a process that still runs from such a
 * folder may load further modules from it.
 */
const MOST_KEPT = 4;
/** A folder that is still incomplete after this time was left by a process that was killed. */
const ABANDONED_MS = 3_600_000;
const COMPLETE = /^[0-9a-f]{16}$/;
const PARTIAL = /^[0-9a-f]{16}\./;

/**
 * Makes sure that `folder` exists, and returns whether it does. `fill` writes its files into another folder, and
 * returns false if it cannot. A folder under its final name is complete. Any number of processes may do this at the
 * same time.
 */
export async function cachedFolder(
  folder: string,
  fill: (partial: string) => Promise<boolean>,
): Promise<boolean> {
  if (isUsable(folder)) return true;
  const partial = partialOf(folder);
  if (partial === undefined) return false;
  try {
    if (!(await fill(partial))) return false;
    moveTo(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  forgetOthers(folder);
  return true;
}

/** The time of the last use decides which folders are kept. */
function isUsable(folder: string): boolean {
  const now = new Date();
  try {
    utimesSync(folder, now, now);
    return true;
  } catch {
    // The folder of another user cannot be touched.
    return timeOf(folder) !== undefined;
  }
}

/** Undefined if this user cannot write to the cache. */
function partialOf(folder: string): string | undefined {
  try {
    mkdirSync(dirname(folder), { recursive: true });
    return mkdtempSync(`${folder}.`);
  } catch {
    return undefined;
  }
}

function moveTo(partial: string, folder: string): void {
  try {
    renameSync(partial, folder);
  } catch (error) {
    // If the folder is there, another process was quicker.
    if (timeOf(folder) === undefined) throw error;
  }
}

function forgetOthers(folder: string): void {
  const cache = dirname(folder);
  // Another process may delete the same folders at the same time.
  const others = readdirSync(cache).flatMap((name) => {
    const path = join(cache, name);
    const time = name === basename(folder) ? undefined : timeOf(path);
    return time === undefined ? [] : [{ name, path, time }];
  });
  const complete = others.filter(({ name }) => COMPLETE.test(name)).sort((a, b) => b.time - a.time);
  const abandoned = others.filter(({ name, time }) => PARTIAL.test(name) && Date.now() - time > ABANDONED_MS);
  for (const { path } of [...complete.slice(MOST_KEPT - 1), ...abandoned])
    rmSync(path, { recursive: true, force: true });
}

function timeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}
