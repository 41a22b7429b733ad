import { createServer, type Server } from 'node:net';

/** Below the ports that the kernel gives to outgoing connections. */
const PORTS = { first: 10_000, last: 32_000 };
/** The ports of one process. */
const BLOCK = 400;

/** The block of this process, and the next port that it gives out. */
let own: { readonly first: number; next: number } | undefined;

/**
 * Ports in a row on which nobody listens. Several test files run at a time, and an edge that restarts leaves its ports
 * free for a moment. So each process gives out ports of a block of its own. It listens on the first port of the block,
 * which tells the others that the block is taken.
 */
export async function freePorts(count: number): Promise<number[]> {
  own ??= await claimBlock();
  const end = own.first + BLOCK;
  for (let tried = 0; tried < BLOCK; tried++) {
    if (own.next + count > end) own.next = own.first + 1;
    const ports = Array.from({ length: count }, (_, i) => (own?.next ?? 0) + i);
    own.next++;
    if (!(await Promise.all(ports.map(isFree))).every(Boolean)) continue;
    own.next += count - 1;
    return ports;
  }
  throw new Error(`no ${count} free ports in a row from ${own.first} to ${end}`);
}

async function claimBlock(): Promise<{ first: number; next: number }> {
  const blocks = Math.floor((PORTS.last - PORTS.first) / BLOCK);
  const start = Math.floor(Math.random() * blocks);
  for (let i = 0; i < blocks; i++) {
    const first = PORTS.first + ((start + i) % blocks) * BLOCK;
    const guard = await listening(first);
    if (guard === undefined) continue;
    guard.unref();
    return { first, next: first + 1 };
  }
  throw new Error(`all ${blocks} blocks of ports are taken`);
}

async function isFree(port: number): Promise<boolean> {
  const server = await listening(port);
  if (server === undefined) return false;
  await new Promise((resolve) => server.close(resolve));
  return true;
}

function listening(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server));
  });
}
