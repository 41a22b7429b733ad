import { rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostProgram } from './host-program.ts';

/** A minimal Debian 12 on this machine, from which containers boot. */
export interface DebianImage {
  /** Kept between runs, because making it takes a minute. Boots write into a layer above it. */
  readonly folder: string;
  readonly packages: readonly string[];
}

const NEEDED = ['systemd', 'systemd-sysv', 'dbus'];

export const minimalDebian: DebianImage = { folder: join(tmpdir(), 'skerry-debian-12'), packages: NEEDED };
/** As images of clouds are: with cloud-init, and with curl. */
export const cloudDebian: DebianImage = {
  folder: join(tmpdir(), 'skerry-debian-12-cloud-init'),
  packages: [...NEEDED, 'cloud-init', 'curl'],
};

/** A host that SSH reaches. */
export const sshDebian: DebianImage = {
  folder: join(tmpdir(), 'skerry-debian-12-ssh'),
  packages: [...NEEDED, 'openssh-server', 'sudo'],
};

/** What waits for a network that the container does not have, or for a person. */
const LEFT_OUT = ['systemd-networkd.service', 'systemd-networkd.socket', 'systemd-firstboot.service'];

/** Why a container cannot boot from the image here, or undefined if it can. Makes the image if it is missing. */
export async function reasonNotToBoot(image: DebianImage = minimalDebian): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'systemd-nspawn needs root';
  for (const program of ['systemd-nspawn', 'nsenter', 'curl'])
    if ((await hostProgram(program, ['--version'])).code !== 0) return `${program} is not installed here`;
  const made = await madeImage(image);
  if (made !== undefined) return made;
  const tried = await hostProgram('systemd-nspawn', [
    ...fromImage(image, 'skerry-tried'),
    ...['--private-network', '--pipe', '/bin/true'],
  ]);
  return tried.code === 0 ? undefined : `systemd-nspawn does not work here: ${tried.stderr.trim()}`;
}

async function madeImage({ folder, packages }: DebianImage): Promise<string | undefined> {
  if ((await stat(folder).catch(() => undefined)) !== undefined) return undefined;
  const partial = `${folder}.${process.pid}`;
  const made = await hostProgram('mmdebstrap', [
    ...['--mode=root', '--variant=minbase', `--include=${packages.join(',')}`, '--quiet'],
    ...['bookworm', partial, 'http://deb.debian.org/debian'],
  ]);
  if (made.code !== 0) {
    await rm(partial, { recursive: true, force: true });
    return `mmdebstrap cannot make a Debian: ${made.stderr.trim().split('\n').at(-1)}`;
  }
  for (const unit of LEFT_OUT)
    await hostProgram('ln', ['-sf', '/dev/null', join(partial, 'etc/systemd/system', unit)]);
  await rename(partial, folder);
  return undefined;
}

/** Options of systemd-nspawn. The image stays as it is: what the container writes is kept in memory. */
export function fromImage({ folder }: DebianImage, machine: string): string[] {
  return [
    ...['--quiet', '--directory', folder, '--volatile=overlay', `--machine=${machine}`],
    // This machine may have no systemd that could keep a list of containers.
    ...['--register=no', '--keep-unit'],
  ];
}
