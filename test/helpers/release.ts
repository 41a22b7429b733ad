import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hostProgram } from './host-program.ts';

const ROOT = join(import.meta.dirname, '../..');

export interface Release {
  readonly folder: string;
  readonly version: string;
  readonly archive: string;
}

/** `npm run release` for this platform alone. */
export async function makeRelease(folder: string, ...args: string[]): Promise<Release> {
  const platform = `linux-${process.arch}`;
  const script = join(ROOT, 'infra/release/release.ts');
  const made = await hostProgram(process.execPath, [
    script,
    '--platform',
    platform,
    '--out',
    folder,
    ...args,
  ]);
  if (made.code !== 0) throw new Error(made.stderr);
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  return { folder, version, archive: join(folder, `skerry-${version}-${platform}.tar.gz`) };
}
