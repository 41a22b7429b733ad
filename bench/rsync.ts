import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePorts } from '../test/helpers/free-ports.ts';
import { until } from '../test/helpers/until.ts';
import type { Scratch } from './scratch.ts';

/** Starts a daemon on loopback that serves these folders, by module name. Resolves with its port. */
export async function startRsyncDaemon(scratch: Scratch, modules: Record<string, string>): Promise<number> {
  const [port = 0] = await freePorts(1);
  const config = join(scratch.folder, `rsyncd-${port}.conf`);
  const isRoot = process.getuid?.() === 0;
  await writeFile(
    config,
    [
      'use chroot = no',
      'reverse lookup = no',
      `log file = ${config}.log`,
      // Otherwise a daemon that root starts reads the files as the user `nobody`.
      ...(isRoot ? ['uid = root', 'gid = root'] : []),
      ...Object.entries(modules).flatMap(([name, path]) => [`[${name}]`, `path = ${path}`]),
      '',
    ].join('\n'),
  );
  const args = ['--daemon', '--no-detach', `--config=${config}`, '--address=127.0.0.1', `--port=${port}`];
  const daemon = spawn('rsync', args, { stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = once(daemon, 'exit');
  scratch.defer(async () => {
    daemon.kill();
    await ended;
  });
  await until('the rsync daemon', () => isListening(port));
  return port;
}

/** Runs one pass. It does not block this process, because the proxy runs in it. */
export async function rsync(...args: string[]): Promise<void> {
  const child = spawn('rsync', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`rsync ${args.join(' ')} ended (${code}): ${said}`);
}

export const rsyncUrl = (port: number, module: string) => `rsync://127.0.0.1:${port}/${module}/`;

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => resolve(false));
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
