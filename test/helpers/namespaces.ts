import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Test } from 'tap';
import { type Ended, hostProgram } from './host-program.ts';
import { childrenOf } from './process-tree.ts';
import { until } from './until.ts';

/**
 * Hosts on one switch. Each host is a process with namespaces of its own, and so is the switch. Nothing has a name on
 * this machine, so nothing is left over: the kernel ends each namespace with its process, and each process with the
 * process that started it, even if that one is killed.
 */
export interface Network {
  readonly hosts: readonly Host[];
  /** A process whose network is that of the switch. */
  readonly switchPid: number;
  /** Ends all hosts at once, as if their power were cut. */
  cutPower(): Promise<void>;
}

/** A host with a network, processes and a `/var` of its own. */
export interface Host {
  readonly name: string;
  readonly address: string;
  /** The port of the switch that it is plugged into. */
  readonly port: string;
  /** Its current folder. */
  readonly folder: string;
  /** Runs a script of the shell to its end. */
  run(script: string): Promise<Ended>;
  /** As `run`, but throws when the script fails. Returns what the script prints. */
  must(script: string): Promise<string>;
  /** Starts a script that keeps running. Resolves when its output matches. */
  start(script: string, ready: RegExp): Promise<void>;
}

/** Why there can be no such hosts here, or undefined if there can be. */
export async function reasonForNoNetwork(): Promise<string | undefined> {
  const tried = await hostProgram('unshare', [...ALONE, 'ip', 'link', 'add', 'br0', 'type', 'bridge']);
  return tried.code === 0 ? undefined : `no network can be made here: ${tried.stderr.trim()}`;
}

export interface NetworkOptions {
  /** For the files of the hosts. */
  readonly folder: string;
  /** The name of each host. Another host calls it `NAME.example`. */
  readonly names: readonly string[];
  /** Set on each host. */
  readonly environment: Readonly<Record<string, string>>;
}

const ALONE = ['--net', '--mount', '--uts', '--pid', '--fork', '--kill-child', '--mount-proc'];
const HOLDER = ['sleep', 'infinity'];

/** Starts the switch and the hosts. They end with the test. */
export async function startNetwork(t: Test, options: NetworkOptions): Promise<Network> {
  const { folder, names, environment } = options;
  const holders: ChildProcess[] = [];
  const cutPower = async () => {
    await Promise.all(holders.map(killed));
  };
  t.teardown(cutPower);
  const held = (...args: string[]): number => {
    const holder = spawn('setpriv', [...WITH_PARENT, 'unshare', ...args, ...HOLDER], { stdio: 'ignore' });
    holders.push(holder);
    return holder.pid ?? 0;
  };

  const switchPid = held('--net');
  await until('the switch', () => runs(switchPid));
  await must('nsenter', ['-t', `${switchPid}`, '-n', 'sh', '-euc', 'ip link add br0 up type bridge']);
  const book = join(folder, 'hosts');
  await mkdir(folder, { recursive: true });
  const address = (index: number) => `10.77.0.${index + 1}`;
  const lines = names.map((name, index) => `${address(index)} ${name}.example\n`);
  await writeFile(book, `127.0.0.1 localhost\n${lines.join('')}`);
  const hosts = names.map(async (name, index) => {
    const parent = held(...ALONE);
    const pid = await until(name, async () => {
      const [child = 0] = await childrenOf(parent).catch(() => []);
      return (await runs(child)) && child;
    });
    const port = `port-${name}`;
    await must('nsenter', ['-t', `${switchPid}`, '-n', 'sh', '-euc', plugged(port, pid)]);
    const host = hostAt(
      pid,
      { name, port, address: address(index), folder: join(folder, name) },
      environment,
    );
    await mkdir(host.folder, { recursive: true });
    await host.must(`
      hostname ${name}
      ip link set lo up
      ip addr add ${host.address}/24 dev eth0
      ip link set eth0 up
      mount --bind ${book} /etc/hosts
      for each in lib log; do
        mkdir -p ${host.folder}/var/$each
        mount --bind ${host.folder}/var/$each /var/$each
      done`);
    return host;
  });
  return { hosts: await Promise.all(hosts), switchPid, cutPower };
}

/** Options of `setpriv`: the kernel ends the process when the one that started it ends. */
export const WITH_PARENT = ['--pdeathsig', 'KILL'];

function plugged(port: string, pid: number): string {
  return `ip link add ${port} type veth peer name eth0 netns ${pid}; ip link set ${port} master br0 up`;
}

/** Whether the process has its namespaces, and only holds them. */
async function runs(pid: number): Promise<boolean> {
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
  return name.trim() === HOLDER[0];
}

function hostAt(
  pid: number,
  at: Pick<Host, 'name' | 'port' | 'address' | 'folder'>,
  environment: NetworkOptions['environment'],
): Host {
  const args = (script: string) => ['-t', `${pid}`, '-a', 'env', '-C', at.folder, 'sh', '-euc', script];
  const env = { HOME: at.folder, ...environment };
  const run = (script: string) => hostProgram('nsenter', args(script), { env });
  return {
    ...at,
    run,
    async must(script) {
      const { code, stdout, stderr } = await run(script);
      if (code !== 0) throw new Error(`${at.name}: ${script} ended with ${code}: ${stderr}`);
      return stdout.trim();
    },
    async start(script, ready) {
      const child = spawn('nsenter', args(script), { env, stdio: ['ignore', 'pipe', 'pipe'] });
      let said = '';
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => {
          said = (said + text).slice(-100_000);
        });
      await until(`${at.name}: ${script}`, () => {
        if (child.exitCode !== null) throw new Error(`${at.name}: ${script} ended: ${said}`);
        return ready.test(said);
      });
    },
  };
}

async function killed(holder: ChildProcess): Promise<void> {
  if (holder.exitCode !== null || holder.signalCode !== null) return;
  const ended = once(holder, 'exit');
  holder.kill('SIGKILL');
  await ended;
}

async function must(program: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await hostProgram(program, args);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
}
