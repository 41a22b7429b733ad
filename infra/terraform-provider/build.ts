import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { version } from '../../shared/version.ts';

/** The address by which configurations name the provider. */
const PROVIDER_ADDRESS = 'registry.terraform.io/skerry/skerry';

/** The place of the provider below a filesystem mirror, as `terraform init` looks for it. */
export function placeInMirror(mirror: string): string {
  const platform = `${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`;
  return join(mirror, PROVIDER_ADDRESS, version, platform, `terraform-provider-skerry_v${version}`);
}

/**
 * Bundles the provider into one file that runs by itself. The first lines are a shell's to run and a comment to
 * JavaScript. Node would refuse the ending of the file's name as its argument, but not with `--require`. `node` is the
 * path of Node 26, or a name that is looked up in PATH.
 */
export async function buildProvider(file: string, node: string): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'main.ts')],
    outfile: file,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'esnext',
    minify: true,
    banner: {
      js: `#!/bin/sh\n':' //; exec "\${SKERRY_NODE:-${node}}" --require "$(realpath "$0")" --eval 0`,
    },
    define: { 'import.meta.url': 'undefined', 'import.meta.dirname': '""' },
    legalComments: 'none',
    write: false,
    logLevel: 'error',
  });
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, outputFiles[0]?.contents ?? '');
  await chmod(file, 0o755);
}
