import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './join-modules.ts';

/** A package of npm whose code is part of a bundle. */
export interface Library {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression, as the package gives it. */
  readonly license: string;
  /** The package's folder below the root of the tree. */
  readonly folder: string;
}

/** The packages that the files belong to, ordered by folder. */
export async function librariesAmong(files: readonly string[]): Promise<readonly Library[]> {
  const folders = files.map((file) => /^(.*node_modules\/(@[^/]+\/)?[^/]+)\//.exec(file)?.[1]);
  const found = [...new Set(folders.filter((folder) => folder !== undefined))].sort();
  return Promise.all(
    found.map(async (folder) => {
      const about = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8')) as Omit<
        Library,
        'folder'
      >;
      return { name: about.name, version: about.version, license: about.license, folder };
    }),
  );
}

/** A page with all licences. A licence must be shipped with the code that it covers. */
export async function licencesOf(libraries: readonly Library[]): Promise<string> {
  const parts = ['# Licences of the libraries that are part of these files'];
  for (const { name, version, license, folder } of libraries) {
    const names = await readdir(join(root, folder));
    const texts = names.filter((file) => /^(licen[cs]e|notice)/i.test(file)).sort();
    const text = await Promise.all(texts.map((file) => readFile(join(root, folder, file), 'utf8')));
    parts.push(`## ${name} ${version} (${license})`, ...text.map((each) => each.trim()));
  }
  return `${parts.join('\n\n')}\n`;
}
