import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { root } from '../join-modules.ts';

/**
 * Bundles the provider into one executable file. Its first lines are a shell script, which JavaScript ignores. The
 * script passes the file to Node with `--require`, because Node refuses to run a file with this ending directly. `node`
 * is the path of Node 26, or a name that is looked up in PATH. Resolves with the paths of the bundled files, relative
 * to the root of the repository.
 */
export async function buildProvider(file: string, node = 'node'): Promise<string[]> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
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
    metafile: true,
    logLevel: 'error',
  });
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, outputFiles[0]?.contents ?? '');
  await chmod(file, 0o755);
  return Object.keys(metafile.inputs);
}
