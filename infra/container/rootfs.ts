import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tar from 'tar';
import { unpackDebianPackages } from '../release/debian-packages.ts';
import type { Platform } from '../release/platform.ts';

/** The packages that Node needs. Node has its own CA certificates and time zones. */
const PACKAGES = ['libc6', 'libgcc-s1', 'libstdc++6', 'gcc-12-base'];

/** The user's id, the same as in the Containerfile. */
const USER = 65532;

/** Writes the file system of a container: glibc, the unpacked archive in /opt/skerry, and a user. */
export async function writeRootfs(folder: string, archive: string, platform: Platform): Promise<void> {
  await unpackDebianPackages(platform.debian, PACKAGES, folder);
  const skerry = join(folder, 'opt/skerry');
  await mkdir(skerry, { recursive: true });
  await tar.extract({ file: archive, cwd: skerry, strip: 1 });
  await writeFile(join(folder, 'etc/passwd'), `skerry:x:${USER}:${USER}::/data:/sbin/nologin\n`);
  await writeFile(join(folder, 'etc/group'), `skerry:x:${USER}:\n`);
  await mkdir(join(folder, 'tmp'));
  await chmod(join(folder, 'tmp'), 0o1777);
}
