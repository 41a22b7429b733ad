import { join } from 'node:path';
import t from 'tap';
import { writeCertificate } from '../helpers/certificates.ts';
import { startCluster } from '../helpers/cluster.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { startHaProxy } from '../helpers/haproxy.ts';
import { startNginx } from '../helpers/nginx.ts';
import { askThrough, type Way } from '../helpers/proxied-request.ts';
import { writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';
import { wholeLines } from '../helpers/whole-lines.ts';

/** Two edges behind nginx and HAProxy. The second edge expects the PROXY protocol. */
const SITE = 'www';
const READERS = ['127.0.0.8', '127.0.0.9'];
const home = t.testdir();
const certs = join(home, 'certs');
await writeCertificate(join(certs, 'secure'), ['secure.example']);
const [tls = 0, tlsNamed = 0, ...ports] = await freePorts(12);
const logOf = (index: number) => join(home, `access-${index}.log`);
const cluster = await startCluster({
  edges: 2,
  args: (index) => [
    ...['--trusted-proxy', '127.0.0.1', ...(index === 1 ? ['--proxy-protocol'] : [])],
    ...['--certs', certs, '--tls-port', String(index === 0 ? tls : tlsNamed)],
    ...['--access-log', logOf(index)],
  ],
});
t.teardown(() => cluster.close());
const [fields, named] = cluster.edges;
if (fields === undefined || named === undefined) throw new Error('a cluster of two edges has two');
const folder = await writeTree(join(cluster.folder, SITE), {
  'a.css': 'a {}',
  'large.bin': Buffer.alloc(3e6),
});
await cluster.client.putSite(SITE, { domains: ['plain.example', 'secure.example'] });
const published = await cluster.skerry('publish', folder, '--site', SITE, '--wait');
if (published.code !== 0) throw new Error(published.stderr);

const target = ({ url }: { url: string }) => new URL(url).host;
const secure = (port: number) => `127.0.0.1:${port}`;
const port = (index: number) => ports[index] ?? 0;
const nginx = await startNginx({
  folder: home,
  home: join(home, 'nginx'),
  directives: `location / {
    proxy_pass ${fields.url};
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
  }`,
  stream: `
    server { listen 127.0.0.1:${port(0)}; proxy_pass ${target(named)}; proxy_protocol on; }
    server { listen 127.0.0.1:${port(1)}; proxy_pass ${secure(tlsNamed)}; proxy_protocol on; }`,
});
const tlvs = 'proxy-v2-options crc32c,unique-id,authority';
const haproxy = await startHaProxy({
  home: join(home, 'haproxy'),
  listeners: [
    { port: port(2), mode: 'http', server: target(fields), lines: ['option forwardfor'] },
    {
      ...{ port: port(3), mode: 'http', server: target(fields) },
      lines: ['http-request set-header Forwarded for=%[src];proto=http'],
    },
    { port: port(4), mode: 'tcp', server: `${target(named)} send-proxy check inter 100` },
    { port: port(5), mode: 'tcp', server: `${target(named)} send-proxy-v2 check inter 100` },
    {
      ...{ port: port(6), mode: 'tcp', server: `${secure(tlsNamed)} send-proxy-v2 ${tlvs}` },
      lines: ['unique-id-format %{+X}o\\ %ci:%cp_%fi:%fp_%Ts_%rt:%pid'],
    },
    { port: port(7), mode: 'http', server: `${target(named)} send-proxy-v2`, lines: ['option forwardfor'] },
    { port: port(8), mode: 'tcp', server: `${secure(tlsNamed)} send-proxy` },
  ],
});
t.teardown(async () => {
  await Promise.all([nginx.stop(), haproxy.stop()]);
});

let marks = 0;
async function clients(index: number, mark: string, count: number): Promise<string[]> {
  return until(`${count} lines of ${mark}`, async () => {
    const lines = await wholeLines(logOf(index));
    const own = lines.filter((line) => line.includes(`"${mark}"`)).map((line) => JSON.parse(line).client);
    return own.length >= count && own;
  });
}

const tls11: Omit<Way, 'from'> = { tls: 'secure.example' };
const http2: Omit<Way, 'from'> = { tls: 'secure.example', http2: true };
const rows: readonly (readonly [string, number, number, Omit<Way, 'from'>])[] = [
  ['nginx, X-Forwarded-For', 0, Number(new URL(nginx.url).port), {}],
  ['nginx, PROXY protocol', 1, port(0), {}],
  ['nginx, PROXY protocol before TLS', 1, port(1), tls11],
  ['nginx, PROXY protocol before HTTP/2', 1, port(1), http2],
  ['HAProxy, X-Forwarded-For', 0, port(2), {}],
  ['HAProxy, Forwarded', 0, port(3), {}],
  ['HAProxy, version 1, with health checks', 1, port(4), {}],
  ['HAProxy, version 2, with health checks', 1, port(5), {}],
  ['HAProxy, version 2 with TLVs, before TLS', 1, port(6), tls11],
  ['HAProxy, version 2 with TLVs, before HTTP/2', 1, port(6), http2],
  ['HAProxy, version 2 and X-Forwarded-For', 1, port(7), {}],
  ['HAProxy, version 1, before HTTP/2', 1, port(8), http2],
];

for (const [name, index, port, way] of rows)
  t.test(name, async (t) => {
    const mark = `test/${++marks}`;
    const host = way.tls ?? 'plain.example';
    const paths = ['/a.css', '/a.css?query', '/large.bin', '/a.css'];
    for (const reader of READERS) {
      // What a reader says of itself must not count.
      const claims = { 'x-forwarded-for': '203.0.113.1' };
      const requests = paths.map((path) => ({ path, headers: { host, 'user-agent': mark, ...claims } }));
      const sent = name.endsWith(', Forwarded')
        ? requests.map(({ path, headers: { host, ...rest } }) => ({
            path,
            headers: { host, 'user-agent': rest['user-agent'], forwarded: 'for=203.0.113.1' },
          }))
        : requests;
      const answers = await askThrough({ from: reader, ...way }, port, sent);
      t.same(
        answers.map(({ status }) => status),
        [200, 200, 200, 200],
      );
    }
    const seen = await clients(index, mark, 2 * paths.length);
    t.same(seen, [...paths.map(() => READERS[0]), ...paths.map(() => READERS[1])]);
  });

t.test('what a reader claims in the other field, which the proxy passes on, does not count', async (t) => {
  const mark = `test/${++marks}`;
  const headers = { host: 'plain.example', 'user-agent': mark, forwarded: 'for=203.0.113.1' };
  await askThrough({ from: '127.0.0.8' }, port(2), [{ path: '/a.css', headers }]);
  t.same(await clients(0, mark, 1), ['127.0.0.1']);
});
