/**
 * `npm run release:image`: builds the image localhost/skerry:VERSION with buildah, from the archive in release/ for
 * this platform. `--rootfs DIR` only writes the image's file system to DIR, for hosts without buildah.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../join-modules.ts';
import { versionOfTree } from '../package-tree.ts';
import { PLATFORMS } from '../release/platform.ts';
import { runProgram } from '../release/run-program.ts';
import { writeRootfs } from './rootfs.ts';

const { values: flags } = parseArgs({
  options: {
    from: { type: 'string', default: join(root, 'release') },
    version: { type: 'string', default: await versionOfTree() },
    rootfs: { type: 'string' },
  },
});
const here = `${process.platform}-${process.arch}`;
const platform = PLATFORMS.find(({ name }) => name === here);
if (platform === undefined) throw new Error(`there is no release for ${here}`);
const archive = join(flags.from, `skerry-${flags.version}-${platform.name}.tar.gz`);

if (flags.rootfs !== undefined) await writeRootfs(flags.rootfs, archive, platform);
else {
  const context = await mkdtemp(join(tmpdir(), 'skerry-image-'));
  try {
    await writeRootfs(join(context, 'rootfs'), archive, platform);
    await mkdir(join(context, 'data'), { mode: 0o700 });
    const file = join(import.meta.dirname, 'Containerfile');
    const tag = `localhost/skerry:${flags.version}`;
    await runProgram('buildah', ['build', '--file', file, '--tag', tag, context]);
    process.stdout.write(`${tag}\n`);
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}
