import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from './run-program.ts';

const SOURCES = `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bookworm main
deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian-security bookworm-security main
`;

export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
}

/**
 * Unpacks packages of Debian 12 into a folder, without installing them. A name may end in `=VERSION`. apt uses a
 * temporary state for this, so it depends on neither the architecture nor the settings of this machine and does not
 * need root.
 */
export async function unpackDebianPackages(
  architecture: string,
  names: readonly string[],
  folder: string,
): Promise<readonly DebianPackage[]> {
  const state = await mkdtemp(join(tmpdir(), 'skerry-apt-'));
  try {
    const lists = join(state, 'lists/partial');
    const archives = join(state, 'cache/archives/partial');
    const packages = join(state, 'packages');
    for (const made of [lists, archives, packages]) await mkdir(made, { recursive: true });
    await writeFile(join(state, 'sources.list'), SOURCES);
    await writeFile(join(state, 'status'), '');
    const settings = [
      `APT::Architecture=${architecture}`,
      `APT::Architectures=${architecture}`,
      'APT::Sandbox::User=',
      'Acquire::Languages=none',
      `Dir::Etc::sourcelist=${join(state, 'sources.list')}`,
      'Dir::Etc::sourceparts=-',
      `Dir::State=${state}`,
      `Dir::State::status=${join(state, 'status')}`,
      `Dir::Cache=${join(state, 'cache')}`,
    ].flatMap((setting) => ['-o', setting]);
    await runProgram('apt-get', [...settings, '-qq', 'update']);
    await runProgram('apt-get', [...settings, '-qq', 'download', ...names], { cwd: packages });
    const files = (await readdir(packages)).sort().map((file) => join(packages, file));
    await mkdir(folder, { recursive: true });
    for (const file of files) await runProgram('dpkg-deb', ['--extract', file, folder]);
    return await Promise.all(files.map(describe));
  } finally {
    await rm(state, { recursive: true, force: true });
  }
}

async function describe(file: string): Promise<DebianPackage> {
  const field = (name: string) => runProgram('dpkg-deb', ['--field', file, name]);
  return {
    name: await field('Package'),
    version: await field('Version'),
    sha256: createHash('sha256')
      .update(await readFile(file))
      .digest('hex'),
  };
}
