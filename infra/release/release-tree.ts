import { chmod, copyFile, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createProgram } from '../../bin/program.ts';
import { root } from '../join-modules.ts';
import type { Library } from '../libraries.ts';
import { writePackage } from '../package-tree.ts';
import { manPage } from './man-page.ts';
import type { Platform } from './platform.ts';
import { type Runtime, writeRuntime } from './runtime.ts';
import { writeTerraformMirror } from './terraform-mirror.ts';

const START_SKERRY = `#!/bin/sh
root=$(dirname "$(dirname "$(realpath "$0")")")
exec "$root/runtime/node" "$root/app/bin/launch.js" "$@"
`;

interface TreeOptions {
  readonly version: string;
  readonly platform: Platform;
  readonly time: Date;
}

/** What a tree is made of, beside the sources of Skerry. */
interface ReleaseTree {
  readonly runtime: Runtime;
  readonly libraries: readonly Library[];
}

/** Writes what a host unpacks into /opt/skerry/VERSION. It runs from any folder. */
export async function writeReleaseTree(
  folder: string,
  { version, platform, time }: TreeOptions,
): Promise<ReleaseTree> {
  const place = (...path: string[]) => join(folder, ...path);
  const ofApp = await writePackage(place('app'), { version, isComplete: true });
  const runtime = await writeRuntime(place('runtime'), platform);
  const ofProvider = await writeTerraformMirror(place('terraform'), {
    version,
    platform,
    node: place('runtime/node'),
  });
  await mkdir(place('bin'));
  await writeFile(place('bin/skerry'), START_SKERRY);
  await chmod(place('bin/skerry'), 0o755);
  await cp(join(root, 'infra/systemd'), place('lib/systemd/system'), { recursive: true });
  await mkdir(place('share/man/man1'), { recursive: true });
  const date = time.toISOString().slice(0, 10);
  await writeFile(place('share/man/man1/skerry.1'), manPage(createProgram(), { version, date }));
  await copyFile(join(root, 'LICENSE'), place('LICENSE'));
  // npm installs some libraries in several folders, and both bundles contain some.
  const libraries = new Map(
    [...ofApp, ...ofProvider].map((library) => [`${library.name}@${library.version}`, library]),
  );
  return { runtime, libraries: [...libraries.values()] };
}
