import { createHash } from 'node:crypto';
import {
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const CACHE = join(root, 'node_modules/.cache/skerry/joined');
/**
 * How many joined trees of earlier sources are kept. A process that still runs one loads modules from it now and then.
 */
const MOST_KEPT = 4;

/**
 * The URL of the command's module, joined from the current sources. The sources are joined again whenever one of them
 * has changed. Undefined if the development dependencies are not installed, or if this user cannot write to the cache.
 */
export async function joinedTree(): Promise<string | undefined> {
  const folder = join(CACHE, stamp());
  if (!existsSync(folder) && !(await joinInto(folder))) return undefined;
  return pathToFileURL(join(folder, 'skerry.js')).href;
}

/** A folder under its final name is complete. */
async function joinInto(folder: string): Promise<boolean> {
  const joining = await import('./join-modules.ts').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  });
  if (joining === undefined) return false;
  const partial = `${folder}.${process.pid}`;
  if (!canWrite(partial)) return false;
  const { files } = await joining.joinModules(partial, { place: pathToFileURL(root), maps: false });
  await Promise.all(files.map(({ path, contents }) => writeFile(path, contents)));
  writeFileSync(join(partial, 'package.json'), '{"type":"module"}');
  forgetOlder();
  try {
    renameSync(partial, folder);
  } catch {
    // Another start was quicker.
    rmSync(partial, { recursive: true });
  }
  return true;
}

/** The clone may belong to another user. */
function canWrite(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true });
    return true;
  } catch {
    return false;
  }
}

function forgetOlder(): void {
  const byAge = readdirSync(CACHE)
    .map((name) => ({ path: join(CACHE, name), time: statSync(join(CACHE, name)).mtimeMs }))
    .sort((a, b) => b.time - a.time);
  for (const { path } of byAge.slice(MOST_KEPT)) rmSync(path, { recursive: true, force: true });
}

/** A name for the state of the sources and the libraries. npm writes its own lock file at each install. */
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
