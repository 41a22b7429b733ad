import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { writeCertificate } from '../helpers/certificates.ts';
import { cli } from '../helpers/cli.ts';
import { startCluster } from '../helpers/cluster.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { ask } from '../helpers/http.ts';
import { skerry } from '../helpers/processes.ts';
import { askThrough, type Way } from '../helpers/proxied-request.ts';
import { writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';
import { wholeLines } from '../helpers/whole-lines.ts';

/** An origin and two edges that trust this address. The second edge expects the PROXY protocol from it. */
const PROXY = '127.0.0.2';
const OTHER = '127.0.0.1';
const SITE = 'www';
const READER = '192.0.2.7';
const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** A header of version 2. */
const binaryHeader = (address: string) => {
  const [source, rest] = [address.split('.').map(Number), [10, 0, 0, 1, 0xc7, 0x38, 0x01, 0xbb]];
  return Buffer.concat([SIGNATURE, Buffer.from([0x21, 0x11, 0, 12, ...source, ...rest])]);
};
const textHeader = (address: string) =>
  `PROXY TCP${address.includes(':') ? 6 : 4} ${address} ${address} 51000 443\r\n`;

const home = await mkdtemp(join(tmpdir(), 'skerry-logs-'));
const certs = join(home, 'certs');
await writeCertificate(join(certs, 'secure'), ['secure.example']);
const tlsPorts = await freePorts(2);
const logOf = (index: number) => join(home, `access-${index}.log`);
const cluster = await startCluster({
  edges: 2,
  originArgs: ['--trusted-proxy', PROXY],
  args: (index) => [
    ...['--trusted-proxy', `${PROXY}/32,fd00::/8`, ...(index === 1 ? ['--proxy-protocol'] : [])],
    ...['--certs', certs, '--tls-port', String(tlsPorts[index])],
    ...['--access-log', logOf(index), '--max-requests', '20', '--max-connections', '3'],
  ],
});
t.teardown(async () => {
  await cluster.close();
  // A running edge may write its access log, so nothing else removes the folder.
  await rm(home, { recursive: true });
});
const [fields, headers] = cluster.edges;
if (fields === undefined || headers === undefined) throw new Error('a cluster of two edges has two');
const folder = await writeTree(join(cluster.folder, SITE), {
  'index.html': 'home',
  'a.css': 'a {}',
  'members/a.txt': 'for members',
});
await cluster.client.putSite(SITE, { domains: ['plain.example', 'secure.example'] });
const published = await cluster.skerry('publish', folder, '--site', SITE, '--wait');
if (published.code !== 0) throw new Error(published.stderr);

const portOf = ({ url }: { url: string }) => Number(new URL(url).port);
const ways: readonly (readonly [string, number, number, Omit<Way, 'from'>])[] = [
  ['http/1.1', portOf(fields), portOf(headers), {}],
  ['http/1.1 over TLS', tlsPorts[0] ?? 0, tlsPorts[1] ?? 0, { tls: 'secure.example' }],
  ['http/2', tlsPorts[0] ?? 0, tlsPorts[1] ?? 0, { tls: 'secure.example', http2: true }],
];
const hostFor = ({ tls }: Omit<Way, 'from'>) => (tls === undefined ? 'plain.example' : 'secure.example');

let marks = 0;
/** A word by which the requests of one test are found in the log. */
const newMark = () => `test/${++marks}`;

async function logged(index: number, mark: string, count: number) {
  return until(`${count} lines of ${mark}`, async () => {
    const lines = await wholeLines(logOf(index));
    const own = lines.filter((line) => line.includes(`"${mark}"`)).map((line) => JSON.parse(line));
    return own.length >= count && own;
  });
}

/** A client of its own for each test, because clients have limits. */
let readers = 0;
const newReader = () => `198.51.100.${++readers}`;

for (const [name, port, , way] of ways)
  t.test(`${name}: a trusted proxy names its readers in both lanes, another peer does not`, async (t) => {
    const mark = newMark();
    const [a, b, c] = [newReader(), newReader(), '2001:db8::1'];
    const common = { host: hostFor(way), 'user-agent': mark };
    const requests = [
      { path: '/a.css', headers: { ...common, 'x-forwarded-for': `10.9.9.9, ${a}` } },
      { path: '/a.css', headers: { ...common, forwarded: `for=10.9.9.9, for=${b};by=10.0.0.1` } },
      { path: '/a.css', headers: { ...common } },
      { path: '/a.css?query', headers: { ...common, 'x-forwarded-for': '[2001:DB8::1]:443' } },
      { path: '/missing', headers: { ...common, forwarded: `for="${a}:80"` } },
      { path: '/a.css', headers: { ...common, 'x-forwarded-for': a, forwarded: `for=${b}` } },
    ];
    t.same(
      (await askThrough({ from: PROXY, ...way }, port, requests)).map(({ status }) => status),
      [200, 200, 200, 200, 404, 200],
    );
    const lines = await logged(0, mark, requests.length);
    t.same(
      lines.map(({ client }) => client),
      [a, b, PROXY, c, a, PROXY],
    );
    const untrusted = newMark();
    const others = requests.slice(0, 2).map(({ path, headers }) => ({
      path,
      headers: { ...headers, 'user-agent': untrusted },
    }));
    await askThrough({ from: OTHER, ...way }, port, others);
    for (const { client } of await logged(0, untrusted, 2)) t.equal(client, OTHER);
  });

for (const [name, , port, way] of ways)
  t.test(`${name}: the PROXY protocol names the reader in both lanes`, async (t) => {
    const [v1, mapped, v2] = [newReader(), newReader(), newReader()];
    const v6 = `2001:db8:${v1.split('.').pop()}::7`;
    for (const [header, client] of [
      [textHeader(v1), v1],
      [textHeader(v6), v6],
      [textHeader(`::ffff:${mapped}`), mapped],
      [binaryHeader(v2), v2],
      ['PROXY UNKNOWN\r\n', PROXY],
    ] as const) {
      const mark = newMark();
      // The proxy itself has the same limits in all of these tests.
      const paths = client === PROXY ? ['/a.css'] : ['/a.css', '/a.css?query', '/a.css'];
      // Nobody heeds this field here: the address in the header is no proxy.
      const claim = client === PROXY ? undefined : { 'x-forwarded-for': '203.0.113.1' };
      const headers = { host: hostFor(way), 'user-agent': mark, ...claim };
      const requests = paths.map((path) => ({ path, headers }));
      const answers = await askThrough({ from: PROXY, header, ...way }, port, requests);
      for (const { status } of answers) t.equal(status, 200);
      for (const line of await logged(1, mark, paths.length))
        t.equal(line.client, client, JSON.stringify(String(header)));
    }
  });

t.test('a proxy behind the proxy is heeded when it is trusted, too', async (t) => {
  const mark = newMark();
  const reader = newReader();
  const headers = { host: 'plain.example', 'user-agent': mark, 'x-forwarded-for': `${reader}, fd00::2` };
  const way = { from: PROXY, header: textHeader('fd00::1') };
  await askThrough(way, ways[0]?.[2] ?? 0, [{ path: '/a.css', headers }]);
  t.equal((await logged(1, mark, 1))[0].client, reader);
});

t.test('a header that is missing, malformed or of another peer ends the connection', async (t) => {
  const reply = (from: string, bytes: string) =>
    new Promise<string>((resolve) => {
      let text = '';
      const socket = connect({ port: portOf(headers), host: '127.0.0.1', localAddress: from });
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('error', () => {}).on('close', () => resolve(text));
      socket.write(bytes, 'latin1');
    });
  const get = 'GET /a.css HTTP/1.1\r\nHost: plain.example\r\n\r\n';
  t.equal(await reply(PROXY, get), '');
  t.equal(await reply(PROXY, `PROXY TCP4 1.2.3.4 10.0.0.1 1\r\n${get}`), '');
  t.match(await reply(OTHER, `${textHeader(READER)}${get}`), /^HTTP\/1\.1 400 /);
  t.match(await reply(OTHER, `${binaryHeader(READER).toString('latin1')}${get}`), /^HTTP\/1\.1 400 /);
  const [direct] = await askThrough({ from: OTHER }, portOf(headers), [
    { path: '/a.css', headers: { host: 'plain.example' } },
  ]);
  t.equal(direct?.status, 200, 'another peer needs no header');
});

for (const [name, port, , way] of ways)
  for (const path of ['/a.css', '/a.css?query'])
    t.test(`${name}: ${path} is limited for each reader, not for the proxy`, async (t) => {
      const [eager, calm] = [newReader(), newReader()];
      const asked = (reader: string) => ({
        path,
        headers: { host: hostFor(way), 'x-forwarded-for': reader },
      });
      const requests = [...Array.from({ length: 40 }, () => asked(eager)), asked(calm)];
      // On a busy machine one connection alone might be too slow to be refused.
      const connections = await Promise.all(
        Array.from({ length: 4 }, () => askThrough({ from: PROXY, ...way }, port, requests)),
      );
      for (const answers of connections) t.equal(answers.pop()?.status, 200);
      const statuses = connections.flat().map(({ status }) => status);
      t.ok(statuses.includes(429), `${statuses}`);
    });

t.test(
  'connections are limited for each reader whom the PROXY protocol names, and not for the proxy',
  async (t) => {
    const open = (port: number, header: string) => {
      const socket = connect({ port, host: '127.0.0.1', localAddress: PROXY });
      socket.on('error', () => {}).resume();
      socket.write(header);
      return socket;
    };
    const many = Array.from({ length: 8 }, () => open(portOf(fields), ''));
    const named = Array.from({ length: 8 }, () => open(portOf(headers), textHeader(READER)));
    const others = Array.from({ length: 3 }, () => open(portOf(headers), textHeader('192.0.2.8')));
    await until('five to be closed', () => named.filter(({ closed }) => closed).length === 5);
    t.equal([...many, ...others].filter(({ closed }) => closed).length, 0);
    for (const socket of [...many, ...named, ...others]) socket.destroy();
  },
);

t.test('what a token lets one address read', async (t) => {
  const keyFile = join(home, 'access.pem');
  const run = async (...args: string[]) => (await cli(args)).stdout.trim();
  const publicKey = await run('sign', '--new-key', keyFile);
  const set = ['sites', 'set', SITE, '--signing-key', publicKey, '--private-path', '/members/*'];
  t.equal((await cluster.skerry(...set)).code, 0);
  const url = new URL(
    await run('sign', 'http://plain.example/members/a.txt', '--key', keyFile, '--client', READER),
  );
  const path = url.pathname + url.search;
  const status = async (from: string, reader: string) => {
    const asked = { path, headers: { host: 'plain.example', 'x-forwarded-for': reader } };
    return (await askThrough({ from }, portOf(fields), [asked]))[0]?.status;
  };
  await until('the settings', async () => (await status(OTHER, READER)) === 403);
  t.equal(await status(PROXY, READER), 200);
  t.equal(await status(PROXY, `::ffff:${READER}`), 200);
  t.equal(await status(PROXY, `${READER}, 192.0.2.8`), 403);
});

t.test('who came to the proxy over TLS is not redirected, and who did not is', async (t) => {
  const [plain, , http2] = ways;
  if (plain === undefined || http2 === undefined) throw new Error('there are three ways');
  const told = async (
    from: string,
    [, port, , way]: (typeof ways)[number],
    headers: Record<string, string>,
  ) => {
    const reader = newReader();
    const asked = { path: '/a.css', headers: { host: 'secure.example', ...headers } };
    const named = headers.forwarded === undefined ? { 'x-forwarded-for': reader } : {};
    const request = { ...asked, headers: { ...asked.headers, ...named } };
    return (await askThrough({ from, ...way }, port, [request]))[0];
  };
  const location = `https://secure.example:${tlsPorts[0]}/a.css`;
  t.match(await told(PROXY, plain, {}), { status: 301, headers: { location } });
  t.match(await told(PROXY, plain, { 'x-forwarded-proto': 'http' }), { status: 301 });
  t.match(await told(PROXY, plain, { 'x-forwarded-proto': 'https' }), { status: 200 });
  t.match(await told(PROXY, plain, { forwarded: `for=${newReader()};proto=https` }), { status: 200 });
  t.match(await told(OTHER, plain, { 'x-forwarded-proto': 'https' }), { status: 301 });
  t.match(await told(PROXY, http2, { 'x-forwarded-proto': 'https' }), { status: 200 });
  t.match(await told(PROXY, http2, { 'x-forwarded-proto': 'http' }), { status: 301, headers: { location } });
  t.match(await told(OTHER, http2, { 'x-forwarded-proto': 'http' }), { status: 200 });
});

t.test('the origin notes who asked, not the proxy', async (t) => {
  const authorization = `Bearer ${cluster.token}`;
  const act = async (from: string, headers: Record<string, string>) => {
    const asked = {
      method: 'PUT',
      path: '/v1/sites/docs/files/a.txt',
      headers: { authorization, ...headers },
    };
    const [answer] = await askThrough({ from }, portOf(cluster.origin), [asked]);
    const { body } = await ask(cluster.origin.url, '/v1/audit?limit=1', { headers: { authorization } });
    return { status: answer?.status, address: JSON.parse(body.toString()).events[0].cause.address };
  };
  await cluster.client.putSite('docs');
  t.same(await act(PROXY, { 'x-forwarded-for': `10.9.9.9, ${READER}` }), { status: 200, address: READER });
  t.same(await act(PROXY, { forwarded: 'for="[2001:DB8::7]:4711"' }), {
    status: 200,
    address: '2001:db8::7',
  });
  t.same(await act(PROXY, {}), { status: 200, address: PROXY });
  t.same(await act(OTHER, { 'x-forwarded-for': READER }), { status: 200, address: OTHER });
});

t.test('wrong options are refused', async (t) => {
  const run = (...args: string[]) => skerry(['edge', '--data', join(home, 'new'), ...args]);
  t.match(await run('--proxy-protocol'), { code: 1, stderr: /--proxy-protocol needs --trusted-proxy/ });
  for (const value of ['proxy.example', '10.0.0.0/33', '10.0.0.1/x'])
    t.match(await run('--trusted-proxy', value), { code: 2, stderr: /such as 10\.0\.0\.0\/8/ });
  t.match(await run('--trusted-proxy', '0.0.0.0/0'), { code: 2, stderr: /every address/ });
});
