import { join } from 'node:path';
import { version as ownVersion } from '../../shared/version.ts';
import { hostProgram } from './host-program.ts';

const ROOT = join(import.meta.dirname, '../..');

export interface Release {
  readonly folder: string;
  readonly version: string;
  readonly archive: string;
}

/** `npm run release` for this platform alone, by default with the version of this package. */
export async function makeRelease(
  folder: string,
  { version = ownVersion }: { readonly version?: string } = {},
): Promise<Release> {
  const platform = `linux-${process.arch}`;
  const script = join(ROOT, 'infra/release/release.ts');
  const made = await hostProgram(process.execPath, [
    script,
    '--platform',
    platform,
    '--out',
    folder,
    '--version',
    version,
  ]);
  if (made.code !== 0) throw new Error(made.stderr);
  return { folder, version, archive: join(folder, `skerry-${version}-${platform}.tar.gz`) };
}
