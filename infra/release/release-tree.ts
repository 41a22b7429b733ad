import { chmod, copyFile, cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { createProgram } from '../../bin/program.ts';
import { placeInMirror, type Target } from '../../bin/terraform/provider-file.ts';
import { root } from '../join-modules.ts';
import type { Library } from '../libraries.ts';
import { writePackage } from '../package-tree.ts';
import { buildProvider } from '../terraform-provider/build.ts';
import { manPage } from './man-page.ts';
import type { Platform } from './platform.ts';
import { type Runtime, writeRuntime } from './runtime.ts';

const START_SKERRY = `#!/bin/sh
root=$(dirname "$(dirname "$(realpath "$0")")")
exec "$root/runtime/node" "$root/app/bin/launch.js" "$@"
`;

interface TreeOptions {
  readonly version: string;
  readonly platform: Platform;
  readonly time: Date;
}

/** The parts of a tree that do not come from Skerry's sources. */
interface ReleaseTree {
  readonly runtime: Runtime;
  readonly libraries: readonly Library[];
}

/** Writes the tree that a host unpacks into /opt/skerry/VERSION. The programs in it run from any folder. */
export async function writeReleaseTree(
  folder: string,
  { version, platform, time }: TreeOptions,
): Promise<ReleaseTree> {
  const place = (...path: string[]) => join(folder, ...path);
  const ofPackage = await writePackage(place('app'), { version, isComplete: true });
  const runtime = await writeRuntime(place('runtime'), platform);
  await writeTerraformMirror(place('terraform'), place('runtime/node'), {
    version,
    platform: 'linux',
    arch: platform.arch,
  });
  await mkdir(place('bin'));
  await writeFile(place('bin/skerry'), START_SKERRY);
  await chmod(place('bin/skerry'), 0o755);
  await cp(join(root, 'infra/systemd'), place('lib/systemd/system'), { recursive: true });
  await mkdir(place('share/man/man1'), { recursive: true });
  const date = time.toISOString().slice(0, 10);
  await writeFile(place('share/man/man1/skerry.1'), manPage(createProgram(), { version, date }));
  await copyFile(join(root, 'LICENSE'), place('LICENSE'));
  // npm installs some libraries in several folders, but each is listed once.
  const libraries = new Map(ofPackage.map((library) => [`${library.name}@${library.version}`, library]));
  return { runtime, libraries: [...libraries.values()] };
}

/**
 * Writes the provider in the layout of Terraform's filesystem mirrors. Terraform does not copy a provider from such a
 * mirror but links to it, so the provider finds the archive's Node by a path relative to itself.
 */
async function writeTerraformMirror(mirror: string, node: string, target: Target): Promise<void> {
  const file = placeInMirror(mirror, target);
  await buildProvider(file, `$(dirname "$(realpath "$0")")/${relative(dirname(file), node)}`);
}
