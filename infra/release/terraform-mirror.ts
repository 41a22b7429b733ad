import { writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { build } from 'esbuild';
import { root } from '../join-modules.ts';
import { type Library, librariesAmong, licencesOf } from '../libraries.ts';
import { buildProvider } from '../terraform-provider/build.ts';
import type { Platform } from './platform.ts';

const ADDRESS = 'registry.terraform.io/skerry/skerry';

interface MirrorOptions {
  readonly version: string;
  readonly platform: Platform;
  /** The program in the same archive that starts Node. */
  readonly node: string;
}

/**
 * Writes the provider in the layout of a filesystem mirror. Terraform links to a provider of such a mirror, so the
 * provider finds the archive's Node from its own place. Returns the libraries whose code is in the provider.
 */
export async function writeTerraformMirror(
  mirror: string,
  { version, platform, node }: MirrorOptions,
): Promise<readonly Library[]> {
  const file = join(mirror, ADDRESS, version, platform.terraform, `terraform-provider-skerry_v${version}`);
  await buildProvider(file, `$(dirname "$(realpath "$0")")/${relative(dirname(file), node)}`);
  const libraries = await librariesOfProvider();
  await writeFile(join(mirror, 'LICENSES-OF-LIBRARIES.md'), await licencesOf(libraries));
  return libraries;
}

async function librariesOfProvider(): Promise<readonly Library[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['infra/terraform-provider/main.ts'],
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'esnext',
    outdir: root,
    write: false,
    metafile: true,
    logLevel: 'error',
  });
  return librariesAmong(Object.keys(metafile.inputs));
}
