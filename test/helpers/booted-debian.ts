import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import type { Test } from 'tap';
import { type DebianImage, fromImage, minimalDebian } from './debian-image.ts';
import { type Ended, hostProgram } from './host-program.ts';
import { until } from './until.ts';

/** Nothing of this machine's environment, because tap adds options for Node to it. */
const ENVIRONMENT = [
  ...['env', '--ignore-environment', '--chdir=/', 'SYSTEMD_PAGER='],
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
];
const STOP_MS = 20_000;
/** How many containers this process has booted. */
let booted = 0;

/** A minimal Debian with systemd, in a container with a network of its own. */
export interface BootedDebian {
  /** Runs a command in it, with the text as standard input. */
  run(command: string, input?: string): Promise<Ended>;
  /** As `run`, but throws when the command fails. Returns what the command prints. */
  must(command: string, input?: string): Promise<string>;
  /** Runs a program of this machine in the container's network. */
  inItsNetwork(program: string, ...args: string[]): Promise<Ended>;
}

interface Boot {
  readonly image?: DebianImage;
  /** More folders of this machine, by their paths in the container. */
  readonly folders?: Readonly<Record<string, string>>;
  /** The path of a network namespace. Without one, the container has only loopback. */
  readonly network?: string;
  /** What systemd says when the boot has come far enough. */
  readonly isUp?: RegExp;
}

/** Boots it, with a folder of this machine at /media. It ends with the test. */
export async function bootDebian(
  t: Test,
  media: string,
  { image = minimalDebian, folders = {}, network, isUp = /^(running|degraded)/ }: Boot = {},
): Promise<BootedDebian> {
  await mkdir(media, { recursive: true });
  const machine = `skerry-${process.pid}-${++booted}`;
  const container = spawn(
    'systemd-nspawn',
    [
      ...fromImage(image, machine),
      network === undefined ? '--private-network' : `--network-namespace-path=${network}`,
      ...Object.entries({ ...folders, '/media': media }).map(([to, from]) => `--bind-ro=${from}:${to}`),
      '--uuid=5c6f0d3e8a1b4c2d9e7f5a3b1c0d2e4f',
      '--console=pipe',
      '--boot',
    ],
    // Several containers may share an image, because what they write is kept apart.
    { stdio: 'ignore', env: { ...process.env, SYSTEMD_NSPAWN_LOCK: '0' } },
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
  const runIn = (leader: string, command: string, input = '') =>
    hostProgram('nsenter', [...inside(leader), ...ENVIRONMENT, 'sh', '-euc', command], { input });
  // For a moment, the child is a process that only prepares the container.
  const leader = await until('the boot', async () => {
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
    const [child = ''] = children.split(' ');
    const { stdout } = await runIn(child, 'systemctl is-system-running');
    return isUp.test(stdout) && child;
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
