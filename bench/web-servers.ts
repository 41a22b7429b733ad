import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import processFlags from '../bin/running/process-flags.json' with { type: 'json' };
import { startCluster } from '../test/helpers/cluster.ts';
import { freePorts } from '../test/helpers/free-ports.ts';
import { ask } from '../test/helpers/http.ts';
import { startNginx } from '../test/helpers/nginx.ts';
import { childrenOf } from '../test/helpers/process-tree.ts';
import { until } from '../test/helpers/until.ts';
import type { Scratch } from './scratch.ts';

/** A server for the same files as the others, and the processes that handle its requests. */
export interface WebServer {
  readonly name: string;
  readonly url: string;
  /** Undefined for a server that has no TLS. */
  readonly secureUrl: string | undefined;
  readonly pids: readonly number[];
}

export const SITE = 'bench';

/** Starts an edge with one serving process that shows the files of the folder. */
export async function startSkerry(
  scratch: Scratch,
  folder: string,
  certs: string,
  more: readonly string[] = [],
): Promise<WebServer> {
  const [tlsPort = 0] = await freePorts(1);
  const args = () => ['--tls-port', String(tlsPort), '--certs', certs, ...more];
  const starting = startCluster({ edges: 1, folder: scratch.folder, args });
  scratch.defer(() => starting.then((cluster) => cluster.close(), ignore));
  const cluster = await starting;
  const { code, stderr } = await cluster.skerry('publish', folder, '--site', SITE, '--wait');
  if (code !== 0) throw new Error(`skerry publish ended (${code}): ${stderr}`);
  const [edge] = cluster.edges;
  if (edge?.running === undefined) throw new Error('the edge does not run');
  const secureUrl = `https://127.0.0.1:${tlsPort}`;
  return { name: 'Skerry', url: edge.url, secureUrl, pids: await childrenOf(edge.running.pid) };
}

/** Starts nginx with one worker. */
export async function startBesideNginx(scratch: Scratch, folder: string, certs: string): Promise<WebServer> {
  const nginx = await startNginx({
    folder,
    home: join(scratch.folder, 'nginx'),
    certificate: join(certs, 'bench'),
  });
  scratch.defer(() => nginx.stop());
  return { name: 'nginx', url: nginx.url, secureUrl: nginx.secureUrl, pids: await childrenOf(nginx.pid) };
}

/** Starts Varnish in front of nginx. It ignores cookies, because it would not cache requests with cookies. */
export async function startVarnish(scratch: Scratch, backend: string): Promise<WebServer> {
  const [port = 0] = await freePorts(1);
  const home = join(scratch.folder, 'varnish');
  await mkdir(home, { recursive: true });
  const vcl = join(home, 'default.vcl');
  const { hostname, port: backendPort } = new URL(backend);
  await writeFile(
    vcl,
    `vcl 4.1;
backend default { .host = "${hostname}"; .port = "${backendPort}"; }
sub vcl_recv { unset req.http.Cookie; return (hash); }
sub vcl_backend_response { set beresp.ttl = 1h; set beresp.do_stream = false; }
`,
  );
  const pid = await startProcess(scratch, 'varnishd', [
    // Varnish runs without its jail, because only this user may read the scratch folder.
    ...['-j', 'none', '-F', '-n', home, '-f', vcl, '-a', `127.0.0.1:${port}`, '-s', 'malloc,256m'],
    ...['-p', 'thread_pools=1', '-p', 'thread_pool_min=100'],
  ]);
  const url = `http://127.0.0.1:${port}`;
  await until('Varnish', () => answers(url));
  return { name: 'Varnish', url, secureUrl: undefined, pids: await childrenOf(pid) };
}

/** Starts a server of Node itself, with the flags of a serving process. */
export async function startNodeServer(
  scratch: Scratch,
  kind: 'http2' | 'tls',
  certificate: string,
): Promise<WebServer> {
  const { flags, environment } = processFlags.edge;
  const child = spawn(
    process.execPath,
    [...flags, join(import.meta.dirname, 'node-server.ts'), kind, certificate],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...environment } },
  );
  const ended = once(child, 'exit');
  scratch.defer(async () => {
    child.kill();
    await ended;
  });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { name: `node:${kind}`, url: '', secureUrl: `https://127.0.0.1:${line}`, pids: [child.pid ?? 0] };
}

async function answers(url: string): Promise<boolean> {
  const answer = await ask(url, '/').catch(() => undefined);
  return answer !== undefined;
}

async function startProcess(scratch: Scratch, command: string, args: readonly string[]): Promise<number> {
  const child = spawn(command, args, { stdio: 'ignore' });
  const ended = once(child, 'exit');
  scratch.defer(async () => {
    child.kill();
    await ended;
  });
  await once(child, 'spawn');
  return child.pid ?? 0;
}

/** A failed start is reported by the code that started the process. */
function ignore(): void {}
