import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..');

/** The package as it would be published, installed as a user would install it. */
export interface Installed {
  /** The command that npm puts on PATH. */
  readonly command: string;
  readonly launcher: string;
  readonly node: string;
}

/** Builds the package, packs it and installs it into the folder. */
export async function installPackage(folder: string): Promise<Installed> {
  await run('npm', ['run', '--silent', 'build'], { cwd: ROOT });
  await mkdir(folder, { recursive: true });
  await run('npm', ['pack', '--silent', '--pack-destination', folder, join(ROOT, 'dist')]);
  const [archive = ''] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
  await writeFile(join(folder, 'package.json'), '{}');
  await run('npm', ['install', '--silent', '--no-audit', '--no-fund', '--prefer-offline', `./${archive}`], {
    cwd: folder,
  });
  const launcher = join(folder, 'node_modules/skerry/bin/launch.js');
  return {
    command: join(folder, 'node_modules/.bin/skerry'),
    launcher,
    node: createRequire(launcher).resolve(`node-${process.platform}-${process.arch}/bin/node`),
  };
}

/** Copies Node, so that no other process shares its memory pages. */
export async function nodeOfItsOwn(node: string, copy: string): Promise<string> {
  await copyFile(node, copy);
  return copy;
}

/** Makes the folder that a new user has after `git clone` and `npm ci`. */
export async function freshClone(folder: string): Promise<void> {
  await run('git', ['clone', '--quiet', ROOT, folder]);
  await run('npm', ['ci', '--silent', '--no-audit', '--no-fund', '--prefer-offline'], { cwd: folder });
}
