/**
 * `npm run bench:idle [-- --connections 5000] [-- --servers Skerry,nginx]`: opens idle HTTP/2 connections to one
 * process, and prints how much memory the process takes for each of them (PSS): for a fifth of them right after their
 * handshakes, and for all of them after one request for a file of 1 KB. Beside Skerry and nginx stand servers of Node:
 * one of `node:http2`, and one of `node:tls` that knows no HTTP, whose memory is the least that any server of Node can
 * have.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { writeCertificate } from '../test/helpers/certificates.ts';
import { proportionalBytes } from './process-memory.ts';
import { type Scratch, withScratch } from './scratch.ts';
import { printTable } from './table.ts';
import { SITE, startBesideNginx, startNodeServer, startSkerry, type WebServer } from './web-servers.ts';

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '5000' },
    servers: { type: 'string', default: 'Skerry,nginx,node:http2,node:tls' },
  },
});
const connections = Number(values.connections);
/** Connections whose first request comes late are closed, so these are few and their handshakes end soon. */
const UNASKED = Math.ceil(connections / 5);
/** The first connections bring memory that does not depend on their number. */
const FIRST = 200;
const SETTLE_MS = 3000;
const KB = 1024;

await withScratch(async (scratch) => {
  const folder = join(scratch.folder, 'files');
  await mkdir(folder);
  await writeFile(join(folder, 'index.html'), 'bench');
  await writeFile(join(folder, 'one.bin'), randomBytes(KB));
  const certs = join(scratch.folder, 'certs');
  await writeCertificate(join(certs, 'bench'), ['bench.example']);
  const starts: Record<string, () => Promise<WebServer>> = {
    Skerry: () => startSkerry(scratch, folder, certs, ['--max-connections', String(2 * connections)]),
    nginx: () => startBesideNginx(scratch, folder, certs),
    'node:http2': () => startNodeServer(scratch, 'http2', join(certs, 'bench')),
    'node:tls': () => startNodeServer(scratch, 'tls', join(certs, 'bench')),
  };
  const rows: string[][] = [];
  for (const name of values.servers.split(',')) {
    const server = await starts[name]?.();
    if (server === undefined) throw new Error(`there is no server ${name}`);
    process.stderr.write(`${name} …\n`);
    rows.push([name, ...(await measure(scratch, server))]);
  }
  printTable(['server', 'before', 'after the handshake', 'after a request', 'connections'], rows);
});

async function measure(scratch: Scratch, { secureUrl = '', pids }: WebServer): Promise<string[]> {
  const clients = spawn(
    process.execPath,
    [join(import.meta.dirname, 'idle-clients.ts'), `${secureUrl}/one.bin`, `${SITE}.localhost`],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  scratch.defer(() => clients.kill());
  const lines = createInterface({ input: clients.stdout });
  const having = async (order: string) => {
    const line = once(lines, 'line');
    clients.stdin.write(`${order}\n`);
    const [open] = await line;
    await sleep(SETTLE_MS);
    let bytes = 0;
    for (const pid of pids) bytes += await proportionalBytes(pid);
    return { open: Number(open), bytes };
  };
  const each = (from: Measured, to: Measured) =>
    `${((to.bytes - from.bytes) / (to.open - from.open) / KB).toFixed(1)} KB`;
  const before = await having(`ask ${FIRST}`);
  const unasked = await having(`open ${FIRST + UNASKED}`);
  const asked = await having(`ask ${connections}`);
  clients.stdin.end();
  await once(clients, 'exit');
  return [
    `${Math.round(before.bytes / KB / KB)} MB`,
    each(before, unasked),
    each(before, asked),
    String(asked.open),
  ];
}

interface Measured {
  /** How many connections are open. */
  readonly open: number;
  readonly bytes: number;
}
