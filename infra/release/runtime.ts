import { globSync } from 'node:fs';
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cachedFolder } from '../folder-cache.ts';
import { root } from '../join-modules.ts';
import { type DebianPackage, unpackDebianPackages } from './debian-packages.ts';
import { fetchPackage, type UnpackedPackage } from './npm-packages.ts';
import type { Platform } from './platform.ts';

/**
 * Node needs this library, and a minimal host lacks it. Debian 12's build of it runs wherever Node runs: it needs only
 * glibc 2.14, and Node needs 2.28. The version and the digests are part of a release's input.
 */
const LIBATOMIC = {
  version: '12.2.0-14+deb12u1',
  sha256: new Map([
    ['amd64', 'fbd4e154a6b444229ea002cc209df099209c0adc09102e5fd21239a3d2b55e2d'],
    ['arm64', '1693aa13ce2b30d061a519fc28b77b9bab8c8e45804ced5969d99821e1bc2159'],
  ]),
};

/**
 * The script that starts Node. Child processes inherit its variables. So an edge starts its serving processes with
 * the same Node, and `skerry terraform install` writes the path of this script into the provider.
 */
const START_NODE = `#!/bin/sh
runtime=$(dirname "$(realpath "$0")")
export SKERRY_NODE="$runtime/node"
export LD_LIBRARY_PATH="$runtime/lib\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
exec "$runtime/bin/node" "$@"
`;

export interface Runtime {
  readonly node: UnpackedPackage;
  readonly libatomic: DebianPackage;
}

/** Writes Node and the library that it needs beyond glibc and libstdc++. `runtime/node` starts Node. */
export async function writeRuntime(folder: string, platform: Platform): Promise<Runtime> {
  for (const made of ['bin', 'lib']) await mkdir(join(folder, made), { recursive: true });
  const node = await fetchPackage(platform.node);
  await copyFile(join(node.folder, 'bin/node'), join(folder, 'bin/node'));
  await copyFile(join(node.folder, 'LICENSE'), join(folder, 'LICENSE-node'));
  await writeFile(join(folder, 'node'), START_NODE);
  for (const program of ['node', 'bin/node']) await chmod(join(folder, program), 0o755);
  return { node, libatomic: await writeLibatomic(folder, platform) };
}

async function writeLibatomic(folder: string, { debian }: Platform): Promise<DebianPackage> {
  const { version } = LIBATOMIC;
  const sha256 = LIBATOMIC.sha256.get(debian);
  if (sha256 === undefined) throw new Error(`no digest of libatomic is known for ${debian}`);
  const unpacked = join(root, 'node_modules/.cache/skerry/libatomic', sha256.slice(0, 16));
  await cachedFolder(unpacked, async (partial) => {
    // The licence is in the second package.
    const names = [`libatomic1=${version}`, `gcc-12-base=${version}`];
    const packages = await unpackDebianPackages(debian, names, partial);
    if (!packages.some((found) => found.sha256 === sha256))
      throw new Error(`libatomic1 ${version} for ${debian} is not the one with the digest ${sha256}`);
    return true;
  });
  const [library = ''] = globSync('usr/lib/*/libatomic.so.1', { cwd: unpacked });
  await copyFile(join(unpacked, library), join(folder, 'lib/libatomic.so.1'));
  const licence = join(unpacked, 'usr/share/doc/gcc-12-base/copyright');
  await copyFile(licence, join(folder, 'LICENSE-libatomic'));
  return { name: 'libatomic1', version, sha256 };
}
