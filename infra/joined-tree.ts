import { createHash } from 'node:crypto';
import { globSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { cachedFolder } from './folder-cache.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const CACHE = join(root, 'node_modules/.cache/skerry/joined');

/**
 * The URL of the command's module, joined from the current sources. The sources are joined again whenever one of them
 * has changed. Undefined if the development dependencies are not installed, or if this user cannot write to the cache.
 */
export async function joinedTree(): Promise<string | undefined> {
  const folder = join(CACHE, stamp());
  if (!(await cachedFolder(folder, joinInto))) return undefined;
  return pathToFileURL(join(folder, 'skerry.js')).href;
}

/** Returns false if the development dependencies are not installed. */
async function joinInto(folder: string): Promise<boolean> {
  const joining = await import('./join-modules.ts').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  });
  if (joining === undefined) return false;
  const { files } = await joining.joinModules(folder, {
    place: pathToFileURL(root),
    maps: false,
    leftOut: [joining.AWS_SDK],
  });
  await Promise.all(files.map(({ path, contents }) => writeFile(path, contents)));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  return true;
}

/** A name for the state of the sources and the libraries. npm rewrites its hidden lock file at each install. */
function stamp(): string {
  const hash = createHash('sha256').update(process.version);
  const files = globSync(
    ['{bin,edge,infra,origin,shared}/**/*.{js,json,ts}', 'node_modules/.package-lock.json'],
    {
      cwd: root,
    },
  );
  for (const file of files.sort()) {
    const { mtimeMs, size } = statSync(join(root, file));
    hash.update(`${file} ${mtimeMs} ${size}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}
