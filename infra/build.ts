/** `npm run build`: joins the product's modules into dist/, a package that can be published as it is. */
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROVIDER_FILE } from '../bin/terraform/provider-file.ts';
import { joinModules, LEFT_OUT, root } from './join-modules.ts';
import { buildProvider } from './terraform-provider/build.ts';

const dist = join(root, 'dist');

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly [key: string]: unknown;
}

await rm(dist, { recursive: true, force: true });
const { files, sources } = await joinModules(join(dist, 'lib'), { maps: true });
await mkdir(join(dist, 'lib'), { recursive: true });
await Promise.all(files.map(({ path, contents }) => writeFile(path, contents)));
for (const kept of [
  'bin/launch.js',
  'bin/running/process-flags.json',
  'infra/example-site',
  'README.md',
  'LICENSE',
  'docs',
]) {
  await cp(join(root, kept), join(dist, kept), { recursive: true });
}
const ofProvider = await buildProvider(join(dist, PROVIDER_FILE));
await writeFile(
  join(dist, 'LICENSES-OF-LIBRARIES.md'),
  await licences(librariesAmong([...sources, ...ofProvider])),
);

const source = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Manifest;
const {
  devDependencies: _dev,
  scripts: _scripts,
  files: _files,
  allowScripts: _allowed,
  dependencies,
  ...published
} = source;
await writeFile(
  join(dist, 'package.json'),
  `${JSON.stringify({ ...published, dependencies: leftOut(dependencies) }, null, 2)}\n`,
);

/** Modules that were joined are not dependencies of the package. */
function leftOut(dependencies: Manifest['dependencies']): Manifest['dependencies'] {
  const scopes = LEFT_OUT.map((pattern) => pattern.replace(/\*$/, ''));
  return Object.fromEntries(
    Object.entries(dependencies).filter(([name]) => scopes.some((scope) => name.startsWith(scope))),
  );
}

/** The folders of the packages that the files belong to. */
function librariesAmong(files: readonly string[]): string[] {
  const folders = files.map((file) => /^(.*node_modules\/(@[^/]+\/)?[^/]+)\//.exec(file)?.[1]);
  return [...new Set(folders.filter((folder) => folder !== undefined))].sort();
}

/** A licence must be shipped with the code that it covers. */
async function licences(folders: readonly string[]): Promise<string> {
  const parts = ['# Licences of the libraries that are joined into lib/'];
  for (const folder of folders) {
    const { name, version, license } = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8'));
    const texts = (await readdir(join(root, folder))).filter((file) => /^(licen[cs]e|notice)/i.test(file));
    const text = await Promise.all(texts.map((file) => readFile(join(root, folder, file), 'utf8')));
    parts.push(`## ${name} ${version} (${license})`, ...text.map((each) => each.trim()));
  }
  return `${parts.join('\n\n')}\n`;
}
