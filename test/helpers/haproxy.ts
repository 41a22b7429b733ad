import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { until } from './until.ts';

export interface HaProxy {
  readonly pid: number;
  stop(): Promise<void>;
}

export interface HaProxyOptions {
  /** The folder for its configuration. */
  readonly home: string;
  readonly listeners: readonly HaProxyListener[];
}

interface HaProxyListener {
  readonly port: number;
  readonly mode: 'http' | 'tcp';
  /** Where it connects to, as `HOST:PORT`, with the options of a `server` line. */
  readonly server: string;
  /** Options of the `bind` line. */
  readonly bind?: string;
  /** Further lines. */
  readonly lines?: readonly string[];
}

/** Starts HAProxy with the time-outs of Debian's configuration. */
export async function startHaProxy({ home, listeners }: HaProxyOptions): Promise<HaProxy> {
  await mkdir(home, { recursive: true });
  const file = join(home, 'haproxy.cfg');
  await writeFile(
    file,
    `defaults
  timeout connect 5000
  timeout client  50000
  timeout server  50000
${listeners.map(section).join('')}`,
  );
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000);
  });
  const ended = once(child, 'exit');
  await once(child, 'spawn');
  for (const { port } of listeners)
    await until('HAProxy', () => {
      if (child.exitCode !== null) throw new Error(`HAProxy ended: ${said}`);
      return listensOn(port);
    });
  return {
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function section({ port, mode, server, bind = '', lines = [] }: HaProxyListener): string {
  const all = [`mode ${mode}`, `bind 127.0.0.1:${port} ${bind}`, ...lines, `server one ${server}`];
  return `listen to-${port}\n${all.map((line) => `  ${line}\n`).join('')}`;
}

async function listensOn(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const isOpen = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  });
  socket.destroy();
  return isOpen;
}
