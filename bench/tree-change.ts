import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { digestsOf } from '../test/helpers/tree.ts';

export interface Change {
  /** The number of files in the second tree. */
  readonly files: number;
  /** Paths that were added or modified. */
  readonly changed: readonly string[];
  readonly deleted: readonly string[];
  /** The bytes of all contents that only the second tree has. Each distinct content counts once. */
  readonly newBytes: number;
}

export async function changeOf(before: string, after: string): Promise<Change> {
  const [old, fresh] = [await digestsOf(before), await digestsOf(after)];
  const known = new Set(old.values());
  const changed = [...fresh].filter(([path, digest]) => old.get(path) !== digest).map(([path]) => path);
  let newBytes = 0;
  for (const path of changed) {
    const digest = fresh.get(path) ?? '';
    if (known.has(digest)) continue;
    known.add(digest);
    newBytes += (await stat(join(after, path))).size;
  }
  return {
    files: fresh.size,
    changed,
    deleted: [...old.keys()].filter((path) => !fresh.has(path)),
    newBytes,
  };
}
