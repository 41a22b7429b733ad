import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, extname, join, relative } from 'node:path';
import { sha256 } from '../test/helpers/http.ts';
import { levelled, npmPackage } from './npm-package.ts';

/** Two versions of a site. */
export interface Pair {
  readonly name: string;
  /** The folders of both versions. Folders that have to be generated are put into `folder`. */
  trees(folder: string): Promise<readonly [string, string]>;
}

/** Pairs of every kind of site: sources, bundles with and without fingerprints, icons, fonts. */
export const PAIRS: readonly Pair[] = [
  published('three', '0.166.0', '0.166.1'),
  published('three', '0.166.1', '0.167.0'),
  published('bootstrap', '5.3.2', '5.3.3'),
  published('@fortawesome/fontawesome-free', '6.5.1', '6.5.2'),
  published('react-dom', '18.3.0', '18.3.1'),
  published('lodash', '4.17.20', '4.17.21'),
  published('@tabler/icons', '3.30.0', '3.31.0'),
  published('@mdi/svg', '7.3.67', '7.4.47'),
  published('@fontsource/inter', '5.0.15', '5.0.16'),
  published('swiper', '11.1.14', '11.1.15'),
  published('monaco-editor', '0.52.0', '0.52.2'),
  fingerprinted(published('swiper', '11.1.14', '11.1.15')),
  fingerprinted(published('three', '0.166.1', '0.167.0')),
];

function published(name: string, before: string, after: string): Pair {
  return {
    name: `${name} ${before} → ${after}`,
    trees: async () => [await npmPackage(`${name}@${before}`), await npmPackage(`${name}@${after}`)],
  };
}

const FINGERPRINTED = new Set(['.js', '.mjs', '.cjs', '.css']);

/** The same pair in the form that a bundler writes: `app.js` becomes `app.HASH.js`, and a page refers to all files. */
function fingerprinted(pair: Pair): Pair {
  return {
    name: `${pair.name}, fingerprinted`,
    async trees(folder) {
      const [before, after] = await pair.trees(folder);
      return [await renamed(before, join(folder, 'before')), await renamed(after, join(folder, 'after'))];
    },
  };
}

async function renamed(tree: string, folder: string): Promise<string> {
  const named: string[] = [];
  for (const item of await readdir(tree, { recursive: true, withFileTypes: true })) {
    if (!item.isFile()) continue;
    const file = join(item.parentPath, item.name);
    const extension = extname(file);
    let path = relative(tree, file);
    if (FINGERPRINTED.has(extension)) {
      const hash = sha256(await readFile(file)).slice(0, 8);
      path = `${path.slice(0, -extension.length)}.${hash}${extension}`;
      named.push(path);
    }
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await copyFile(file, join(folder, path));
  }
  const links = named.sort().map((path) => `<link rel="modulepreload" href="/${path}">\n`);
  await writeFile(join(folder, 'index.html'), `<!doctype html>\n${links.join('')}`);
  await levelled(folder);
  return folder;
}
