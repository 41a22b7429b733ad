import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { type Ended, hostProgram } from './host-program.ts';
import { until } from './until.ts';

/** Kept between runs, because making it takes a minute. Boots write into a layer above it. */
const IMAGE = join(tmpdir(), 'skerry-debian-12');
const PACKAGES = 'systemd,systemd-sysv,dbus';
/** What waits for a network that the container does not have, or for a person. */
const LEFT_OUT = ['systemd-networkd.service', 'systemd-networkd.socket', 'systemd-firstboot.service'];
const STOP_MS = 20_000;

/** A minimal Debian with systemd, in a container with a network of its own. */
export interface BootedDebian {
  /** Runs a command in it, with the text as standard input. */
  run(command: string, input?: string): Promise<Ended>;
  /** As `run`, but throws when the command fails. Returns what the command prints. */
  must(command: string, input?: string): Promise<string>;
  /** Runs a program of this machine in the container's network. */
  inItsNetwork(program: string, ...args: string[]): Promise<Ended>;
}

/** Why it cannot boot here, or undefined if it can. */
export async function reasonNotToBoot(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'systemd-nspawn needs root';
  for (const program of ['systemd-nspawn', 'nsenter', 'curl'])
    if ((await hostProgram(program, ['--version'])).code !== 0) return `${program} is not installed here`;
  const made = await madeImage();
  if (made !== undefined) return made;
  const tried = await hostProgram('systemd-nspawn', [...nspawn('skerry-tried'), '--pipe', '/bin/true']);
  return tried.code === 0 ? undefined : `systemd-nspawn does not work here: ${tried.stderr.trim()}`;
}

async function madeImage(): Promise<string | undefined> {
  if ((await stat(IMAGE).catch(() => undefined)) !== undefined) return undefined;
  const partial = `${IMAGE}.${process.pid}`;
  const made = await hostProgram('mmdebstrap', [
    ...['--mode=root', '--variant=minbase', `--include=${PACKAGES}`, '--quiet'],
    ...['bookworm', partial, 'http://deb.debian.org/debian'],
  ]);
  if (made.code !== 0) {
    await rm(partial, { recursive: true, force: true });
    return `mmdebstrap cannot make a Debian: ${made.stderr.trim().split('\n').at(-1)}`;
  }
  for (const unit of LEFT_OUT)
    await hostProgram('ln', ['-sf', '/dev/null', join(partial, 'etc/systemd/system', unit)]);
  await rename(partial, IMAGE);
  return undefined;
}

/** The image stays as it is: what the container writes is kept in memory. */
function nspawn(machine: string): string[] {
  return [
    ...['--quiet', '--directory', IMAGE, '--volatile=overlay', `--machine=${machine}`],
    // This machine may have no systemd that could keep a list of containers.
    ...['--register=no', '--keep-unit', '--private-network'],
  ];
}

/** Boots it, with a folder of this machine at /media. It ends with the test. */
export async function bootDebian(t: Test, media: string): Promise<BootedDebian> {
  await mkdir(media, { recursive: true });
  const machine = `skerry-${process.pid}`;
  const container = spawn(
    'systemd-nspawn',
    [
      ...nspawn(machine),
      `--bind-ro=${media}:/media`,
      '--uuid=5c6f0d3e8a1b4c2d9e7f5a3b1c0d2e4f',
      '--console=pipe',
      '--boot',
    ],
    { stdio: 'ignore' },
  );
  const { pid } = container;
  if (pid === undefined) throw new Error('systemd-nspawn did not start');
  t.teardown(async () => {
    if (container.exitCode !== null) return;
    const ended = once(container, 'exit');
    container.kill('SIGTERM');
    const timer = setTimeout(() => container.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(timer);
  });
  const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', SYSTEMD_PAGER: '' };
  const runIn = (leader: string, command: string, input?: string) =>
    hostProgram('nsenter', [...inside(leader), 'env', '-C', '/', 'sh', '-euc', command], {
      env,
      ...(input !== undefined && { input }),
    });
  // For a moment, the child is a process that only prepares the container.
  const leader = await until('the boot', async () => {
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
    const [child = ''] = children.split(' ');
    const { stdout } = await runIn(child, 'systemctl is-system-running');
    return /^(running|degraded)/.test(stdout) && child;
  });
  const run = (command: string, input?: string) => runIn(leader, command, input);
  return {
    run,
    async must(command, input) {
      const { code, stdout, stderr } = await run(command, input);
      if (code !== 0) throw new Error(`${command}: ${stderr.trim()}`);
      return stdout.trim();
    },
    inItsNetwork: (program, ...args) =>
      hostProgram('nsenter', ['--target', leader, '--net', '--', program, ...args]),
  };
}

function inside(leader: string): string[] {
  return ['--target', leader, '--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup', '--root', '--'];
}
