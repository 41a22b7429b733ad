import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, startCluster } from '../test/helpers/cluster.ts';
import { freePorts } from '../test/helpers/free-ports.ts';
import { ask } from '../test/helpers/http.ts';
import { type RunOptions, start } from '../test/helpers/processes.ts';
import { startProxy, type TcpProxy } from '../test/helpers/tcp-proxy.ts';
import { until } from '../test/helpers/until.ts';
import type { Scratch } from './scratch.ts';

const POLL_MS = 10;
const QUIET_MS = 250;
/** Heartbeats come every few seconds. If the wire is not quiet by then, something else is using it. */
const SETTLE_MS = 60_000;

/** How an edge and its origin talk. */
export type Transport = 'plain' | 'tls';

export interface OriginOptions {
  readonly transport?: Transport;
  /** The folder of its data, within the scratch folder. */
  readonly name?: string;
  readonly run?: RunOptions;
}

/** Starts an origin without edges, as a real process. It ends with the scratch folder. */
export async function startOrigin(
  scratch: Scratch,
  { transport = 'plain', name = transport, run = {} }: OriginOptions = {},
): Promise<Cluster> {
  const folder = join(scratch.folder, name);
  const starting = startCluster({ edges: 0, folder, secureOrigin: transport === 'tls', run });
  // An interruption during the start must end the process, too.
  scratch.defer(() => starting.then((origin) => origin.close(), ignore));
  return starting;
}

/** An edge as a real process, with one serving process. It knows the origin only by the proxy's address. */
export interface ProxiedEdge {
  readonly url: string;
  readonly pid: number;
  readonly proxy: TcpProxy;
  /** Resolves when the edge shows the revision. Throws after `ms`. */
  shows(site: string, revision: number, ms: number): Promise<void>;
  /** Resolves when the origin has the edge's receipt for the revision and the wire is quiet. */
  settled(site: string, revision: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startProxiedEdge(
  scratch: Scratch,
  origin: Cluster,
  name: string,
  run: RunOptions = {},
): Promise<ProxiedEdge> {
  const { hostname: host, port: originPort, protocol } = new URL(origin.origin.url);
  const proxy = await startProxy({ target: { host, port: Number(originPort) } });
  scratch.defer(() => proxy.close());
  const [port = 0, adminPort = 0] = await freePorts(2);
  const token = (await origin.client.createToken({ scope: 'join', edge: name })).token;
  const starting = start(
    [
      ...['edge', '--data', join(scratch.folder, name), '--join', token],
      ...['--origin', proxy.url.replace('http:', protocol)],
      ...['--name', name, '--region', 'bench', '--port', String(port), '--admin-port', String(adminPort)],
    ],
    /serves on \S+/,
    run,
  );
  let stopped: Promise<unknown> | undefined;
  const stop = async () => {
    stopped ??= starting.then((running) => running.stop(), ignore);
    await stopped;
    await proxy.close();
  };
  scratch.defer(stop);
  const running = await starting.catch((cause: unknown) => {
    throw new Error(`the edge did not start; the proxy saw ${String(proxy.lastFailure)}`, { cause });
  });
  const adminUrl = `http://127.0.0.1:${adminPort}`;
  return {
    url: `http://127.0.0.1:${port}`,
    pid: running.pid,
    proxy,
    stop,
    async shows(site, revision, ms) {
      let last = 'nothing';
      try {
        await until(
          '',
          async () => {
            last = (await ask(adminUrl, '/status')).body.toString();
            const { sites } = JSON.parse(last) as { sites: { name: string; revision: number }[] };
            return sites.some((shown) => shown.name === site && shown.revision >= revision);
          },
          ms,
        );
      } catch (cause) {
        const said = running.output().stderr.slice(-2000);
        throw new Error(`${site}@${revision} is not visible after ${ms} ms: ${last}\n${said}`, { cause });
      }
    },
    async settled(site, revision) {
      await until(
        `a receipt for ${site}@${revision}`,
        async () => {
          const { receipts } = await origin.client.revision(site, revision);
          return receipts.some(({ edge }) => edge === name);
        },
        SETTLE_MS,
      );
      await quiet(proxy);
    },
  };
}

/** A failed start is reported by the code that started the process. */
function ignore(): void {}

/** Publishes with the CLI. Resolves with the revision. */
export async function publish(origin: Cluster, site: string, folder: string): Promise<number> {
  const { code, stdout, stderr } = await origin.skerry('publish', folder, '--site', site, '--json');
  if (code !== 0) throw new Error(`skerry publish ${folder} ended (${code}): ${stderr}`);
  return (JSON.parse(stdout) as { revision: number }).revision;
}

/** Resolves when no byte has passed for a moment. */
export async function quiet(proxy: TcpProxy): Promise<void> {
  const deadline = performance.now() + SETTLE_MS;
  let seen = proxy.bytes;
  let since = performance.now();
  while (performance.now() - since < QUIET_MS) {
    if (performance.now() > deadline) throw new Error(`the wire is not quiet after ${SETTLE_MS} ms`);
    await sleep(POLL_MS);
    if (proxy.bytes === seen) continue;
    seen = proxy.bytes;
    since = performance.now();
  }
}
