import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Server } from './attack.ts';

/** A plain server of Node, which reads a body, keeps nothing of it and answers. */
export interface BareServer extends Server {
  readonly pid: number;
  close(): Promise<void>;
}

export async function startBareServer(): Promise<BareServer> {
  const child = fork(import.meta.filename, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const exited = once(child, 'exit');
  const [port] = (await once(child, 'message')) as [number];
  return {
    host: '127.0.0.1',
    port,
    pid: child.pid ?? 0,
    async close() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

if (import.meta.main) {
  const server = createServer((request, response) => {
    request.resume();
    request.on('error', () => {});
    request.on('end', () => response.end('ok'));
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
  process.on('disconnect', () => process.exit());
}
