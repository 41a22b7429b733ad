import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Test } from 'tap';
import { type BootedDebian, bootDebian } from './booted-debian.ts';
import { bridgedNetwork } from './bridged-network.ts';
import { sshDebian } from './debian-image.ts';
import { hostProgram } from './host-program.ts';
import { until } from './until.ts';

/** A user of all hosts who may use sudo. */
export const SUDOER = 'deployer';

interface SshHost {
  readonly address: string;
  readonly debian: BootedDebian;
}

export interface SshHosts {
  /** The address of this machine, as the hosts reach it. */
  readonly here: string;
  readonly hosts: readonly SshHost[];
  /** The file of the private key with which to log in as root or as SUDOER. */
  readonly keyFile: string;
  /** The public key of the hosts. */
  readonly hostKey: string;
}

/** Boots hosts with systemd and sshd, each with a network namespace and a file system of its own. They end with the test. */
export async function sshHosts(t: Test, folder: string, count: number): Promise<SshHosts> {
  const keyFile = join(folder, 'key');
  await mkdir(join(folder, 'media'), { recursive: true });
  const made = await hostProgram('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', keyFile]);
  if (made.code !== 0) throw new Error(made.stderr);
  const publicKey = await readFile(`${keyFile}.pub`, 'utf8');
  const network = await bridgedNetwork(t, count);
  const hosts = await Promise.all(
    network.hosts.map(async ({ namespace, address }) => {
      const media = join(folder, 'media');
      const debian = await bootDebian(t, media, { image: sshDebian, network: namespace });
      await debian.must(
        `useradd --create-home --shell /bin/sh ${SUDOER}
         echo '${SUDOER} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/${SUDOER}
         umask 077; cat >/run/key
         for home in /root /home/${SUDOER}; do mkdir -p $home/.ssh; cp /run/key $home/.ssh/authorized_keys; done
         chown -R ${SUDOER} /home/${SUDOER}/.ssh`,
        publicKey,
      );
      await until(`sshd at ${address}`, async () => {
        const { stdout } = await hostProgram('ssh-keyscan', ['-t', 'ed25519', address]);
        return stdout !== '';
      });
      return { address, debian };
    }),
  );
  const hostKey = await readFile(join(sshDebian.folder, 'etc/ssh/ssh_host_ed25519_key.pub'), 'utf8');
  return { here: network.here, hosts, keyFile, hostKey: hostKey.trim() };
}
