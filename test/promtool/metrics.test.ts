import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { writeCertificate } from '../helpers/certificates.ts';
import { type Node, startCluster } from '../helpers/cluster.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { ask, read } from '../helpers/http.ts';
import { loneOrigin } from '../helpers/lone-origin.ts';
import { writeTree } from '../helpers/tree.ts';

/** Prometheus's own judgement of the metrics of an origin and of edges of both kinds, with readers. */

const script = fileURLToPath(new URL('promtool.sh', import.meta.url));
const found = await promisify(execFile)(script, [join(tmpdir(), 'skerry-promtool')]);
const promtool = found.stdout.trim();

const certs = t.testdir();
await writeCertificate(join(certs, 'a'), ['www.example']);
const [tlsPort = 0] = await freePorts(1);
const cluster = await startCluster({
  edges: 2,
  processes: 2,
  args: (index) =>
    index === 0
      ? ['--tls-port', String(tlsPort), '--certs', certs]
      : ['--storage', 'lazy', '--disk', '1000000'],
});
t.teardown(() => cluster.close());
const folder = await writeTree(join(cluster.folder, 'www'), {
  'index.html': 'home',
  'large.bin': Buffer.alloc(300_000, 'x'),
});
const published = await cluster.skerry('publish', folder, '--site', 'www', '--wait');
if (published.code !== 0) throw new Error(published.stderr);
for (const { url } of cluster.edges)
  for (const path of ['', 'index.html', 'large.bin', 'missing']) await read(url, 'www', path);

/** What promtool says against metrics. */
async function faults(metrics: string): Promise<string> {
  const child = spawn(promtool, ['check', 'metrics'], { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = once(child, 'exit');
  child.stdin.end(metrics);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await ended;
  return code === 0 ? out + err : `${out}${err}exit code ${code}`;
}

t.test('a fault would be noticed', async (t) => {
  t.match(await faults('# HELP a_total A.\n# TYPE a_total gauge\na_total 1\n'), /_total/);
});

/** Metrics of an origin that speaks TLS, with a certificate from its own CA. */
async function toldOverTls(t: Test): Promise<string> {
  const { url, token } = await loneOrigin(t, { host: '0.0.0.0' });
  const headers = { authorization: `Bearer ${token}` };
  const sent = request(`${url.replace('0.0.0.0', '127.0.0.1')}/metrics`, {
    rejectUnauthorized: false,
    headers,
  });
  const [response] = await once(sent.end(), 'response');
  return text(response);
}

t.test('the origin', async (t) => {
  const { body } = await ask(cluster.origin.url, '/metrics');
  t.match(body.toString(), /^skerry_edge_lag_seconds\{/m);
  t.equal(await faults(body.toString()), '');
});

async function told(edge: Node | undefined): Promise<string> {
  return edge === undefined ? '' : (await ask(edge.adminUrl, '/metrics')).body.toString();
}

for (const [index, edge] of cluster.edges.entries())
  t.test(index === 0 ? 'an edge with full storage' : 'a lazy edge', async (t) => {
    const metrics = await told(edge);
    t.match(metrics, /^skerry_edge_requests_total\{site="www",status="2xx"\} [1-9]/m);
    t.match(metrics, /^skerry_edge_requests_total\{site="www",status="4xx"\} [1-9]/m);
    if (index === 1) t.match(metrics, /^skerry_edge_misses_total\{fetch="own"\} [1-9]/m);
    t.equal(await faults(metrics), '');
  });

t.test('an origin that speaks TLS', async (t) => {
  const metrics = await toldOverTls(t);
  const [, expiry] =
    /^skerry_origin_certificate_expiry_timestamp_seconds\{kind="own"\} (\d+)/m.exec(metrics) ?? [];
  const days = (Number(expiry) - Date.now() / 1000) / 86_400;
  t.ok(days > 29 && days <= 30, `${days} days`);
  t.equal(await faults(metrics), '');
});

t.test('the alerts in docs/operations.md', async (t) => {
  const page = await readFile(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  const [rules] = /^# skerry-alerts\.yml$.*?(?=^```$)/ms.exec(page) ?? [];
  const file = join(t.testdir({ 'skerry-alerts.yml': rules ?? '' }), 'skerry-alerts.yml');
  const checked = await promisify(execFile)(promtool, ['check', 'rules', file]);
  t.match(checked.stdout, /SUCCESS: [1-9]\d* rules found/);
  const ofOrigin = (await ask(cluster.origin.url, '/metrics')).body.toString();
  t.notMatch(ofOrigin, /^skerry_origin_certificate/m, 'an origin that speaks plain HTTP has no certificate');
  const metrics = ofOrigin + (await toldOverTls(t)) + (await told(cluster.edges[0]));
  for (const [name] of rules?.matchAll(/skerry_\w+/g) ?? [])
    t.match(metrics, new RegExp(`^${name}[ {]`, 'm'), name);
});
