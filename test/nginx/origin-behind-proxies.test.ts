import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { writeCertificate } from '../helpers/certificates.ts';
import { startCluster } from '../helpers/cluster.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { startHaProxy } from '../helpers/haproxy.ts';
import { hostProgram } from '../helpers/host-program.ts';
import { ask, read, sha256 } from '../helpers/http.ts';
import { startNginx } from '../helpers/nginx.ts';
import { childrenOf } from '../helpers/process-tree.ts';
import { skerry } from '../helpers/processes.ts';
import { writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';

/** An origin behind proxies that are as they come, but for the limit of bodies of nginx. */
const SITE = 'www';
const NOTICED_MS = 30_000;
/** The CLI gives up a silent origin after this time, with its start on a busy machine. */
const GIVEN_UP_MS = 20_000;
const LARGE = 100 * 1024 * 1024;
t.setTimeout(400_000);

interface Proxy {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

type Start = (home: string, origin: string) => Promise<Proxy>;

/** How a proxy is started, and whether the origin behind it speaks TLS. */
interface Case {
  readonly start: Start;
  readonly secureOrigin?: boolean;
}

const nginx: Start = (home, origin) =>
  startNginx({
    ...{ folder: home, home },
    directives: `client_max_body_size 0; location / { proxy_pass ${origin}; }`,
  });

const certificate = join(t.testdir(), 'origin');
await writeCertificate(certificate, ['localhost']);
// HAProxy reads both from one file.
const pem = `${certificate}.pem`;
await writeFile(
  pem,
  await Promise.all([`${certificate}.crt`, `${certificate}.key`].map((file) => readFile(file, 'utf8'))),
);
// What is started below inherits it.
process.env.NODE_EXTRA_CA_CERTS = `${certificate}.crt`;

const secureHaproxy: Start = async (home, origin) => {
  const [port = 0] = await freePorts(1);
  const server = new URL(origin).host;
  const listeners = [{ port, mode: 'http' as const, server, bind: `ssl crt ${pem}` }];
  return { url: `https://localhost:${port}`, ...(await startHaProxy({ home, listeners })) };
};

const haproxy =
  (mode: 'http' | 'tcp'): Start =>
  async (home, origin) => {
    const [port = 0] = await freePorts(1);
    const listeners = [{ port, mode, server: new URL(origin).host }];
    return { url: throughPort(origin, port), ...(await startHaProxy({ home, listeners })) };
  };

/** nginx with its module `stream`, which passes bytes on. */
const nginxStream: Start = async (home, origin) => {
  const [port = 0] = await freePorts(1);
  const stream = `server { listen 127.0.0.1:${port}; proxy_pass ${new URL(origin).host}; }`;
  return { ...(await startNginx({ folder: home, home, stream })), url: throughPort(origin, port) };
};

/** The URL of a proxy that passes on what it gets, whether it is TLS or not. */
function throughPort(origin: string, port: number): string {
  const url = new URL(origin);
  url.port = String(port);
  return url.origin;
}

const cases: Readonly<Record<string, Case>> = {
  nginx: { start: nginx },
  'HAProxy, mode http': { start: haproxy('http') },
  'HAProxy, TLS ended': { start: secureHaproxy },
  'HAProxy, mode tcp': { start: haproxy('tcp') },
  'HAProxy, mode tcp, TLS passed on': { start: haproxy('tcp'), secureOrigin: true },
  'nginx, stream, TLS passed on': { start: nginxStream, secureOrigin: true },
};
for (const [name, each] of Object.entries(cases)) t.test(name, async (t) => behind(t, each));

async function behind(t: Test, { start, secureOrigin = false }: Case): Promise<void> {
  let proxy: Proxy | undefined;
  const cluster = await startCluster({
    ...{ edges: 1, secureOrigin },
    async originUrl(origin) {
      proxy = await start(join(t.testdirName, 'proxy'), origin);
      return proxy.url;
    },
  });
  t.teardown(async () => {
    await cluster.close();
    await proxy?.stop();
  });
  const [edge] = cluster.edges;
  if (edge === undefined || proxy === undefined) throw new Error('a cluster of one edge has one');
  const { url, pid } = proxy;
  const env = { SKERRY_ORIGIN: url, SKERRY_TOKEN: cluster.token };
  const through = (...args: string[]) => skerry(args, { cwd: cluster.folder, env });
  const large = randomBytes(LARGE);
  const status = async () => JSON.parse((await ask(edge.adminUrl, '/status')).body.toString());
  const publish = async (text: string, ...args: string[]) => {
    const tree = await writeTree(join(cluster.folder, SITE), { 'index.html': text, 'large.bin': large });
    const published = await through('publish', tree, '--site', SITE, ...args);
    t.equal(published.code, 0, published.stderr);
  };
  const shown = async () => (await read(edge.url, SITE, '')).body.toString();

  t.comment('it has joined; now it syncs');
  await publish('one', '--wait');
  t.equal(sha256((await read(edge.url, SITE, 'large.bin')).body), sha256(large));
  const other = randomBytes(LARGE);
  const file = join(cluster.folder, 'other.bin');
  await writeFile(file, other);
  const put = await hostProgram('curl', [
    ...['-sS', '-k', '-X', 'PUT', '--data-binary', `@${file}`, '-w', '%{http_code}'],
    ...['-H', `Authorization: Bearer ${cluster.token}`, `${url}/v1/sites/${SITE}/files/other.bin`],
  ]);
  t.match(put, { code: 0, stdout: /200$/ });
  await cluster.converged(SITE);
  t.equal(sha256((await read(edge.url, SITE, 'other.bin')).body), sha256(other));
  for (const text of ['two', 'three']) {
    await publish(text, '--mode', 'sync');
    t.equal(await shown(), text, 'visible when the publish returns');
  }
  t.strictSame((await status()).faults, []);

  t.comment('the proxy falls silent');
  const stopped = [pid, ...(await childrenOf(pid))];
  for (const one of stopped) process.kill(one, 'SIGSTOP');
  const since = performance.now();
  const command = through('sites').then((ended) => ({ ...ended, ms: performance.now() - since }));
  const fault = await until(
    'the fault',
    async () => {
      const { faults } = await status();
      return faults.find(({ code }: { code: string }) => code === 'silent-feed');
    },
    NOTICED_MS,
  );
  t.match(fault, { upstream: url });
  t.comment(`noticed after ${Math.round(performance.now() - since)} ms`);
  const given = await command;
  t.equal(given.code, 1);
  t.match(given.stderr, /does not answer/);
  t.ok(given.ms < GIVEN_UP_MS, `the command gave up after ${Math.round(given.ms)} ms`);
  t.equal(await shown(), 'three', 'the edge serves meanwhile');

  for (const one of stopped) process.kill(one, 'SIGCONT');
  await publish('four', '--wait');
  t.equal(await shown(), 'four');
  await until('the edge to be content', async () => (await status()).contactSeconds < 15);
}
