import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { writeCertificate } from '../helpers/certificates.ts';
import { startCluster } from '../helpers/cluster.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { startHaProxy } from '../helpers/haproxy.ts';
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
    return { url: `http://127.0.0.1:${port}`, ...(await startHaProxy({ home, listeners })) };
  };

for (const [name, start] of [
  ['nginx', nginx],
  ['HAProxy, mode http', haproxy('http')],
  ['HAProxy, TLS ended', secureHaproxy],
  ['HAProxy, mode tcp', haproxy('tcp')],
] as const)
  t.test(name, async (t) => behind(t, start));

async function behind(t: Test, start: Start): Promise<void> {
  let proxy: Proxy | undefined;
  const cluster = await startCluster({
    edges: 1,
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
  // The helper speaks no TLS.
  const put = await ask(
    url.startsWith('https') ? cluster.origin.url : url,
    `/v1/sites/${SITE}/files/other.bin`,
    {
      ...{ method: 'PUT', body: other },
      headers: { authorization: `Bearer ${cluster.token}` },
    },
  );
  t.equal(put.status, 200, String(put.body));
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
