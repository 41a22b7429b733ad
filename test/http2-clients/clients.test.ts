import { execFile } from 'node:child_process';
import { connect } from 'node:http2';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { Agent } from 'undici';
import { writeCertificate } from '../helpers/certificates.ts';
import { startCluster } from '../helpers/cluster.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { writeTree } from '../helpers/tree.ts';

/**
 * Clients of others load a site of 300 files with every kind of answer over HTTP/2. `npm run test:http2-clients` needs
 * curl, nghttp and h2load (nghttp2-client), and Debian's python3-h2. Chromium loads sites in `npm run test:browser`.
 */
const run = promisify(execFile);
const PYTHON = '/usr/bin/python3';
const FILES = 300;
const HOST = 'www.example';
const LARGE_BYTES = 3_000_000;

const certs = t.testdir();
await writeCertificate(join(certs, 'a'), [HOST]);
const [port = 0] = await freePorts(1);
const cluster = await startCluster({ edges: 1, args: () => ['--tls-port', String(port), '--certs', certs] });
t.teardown(() => cluster.close());
const files = Array.from({ length: FILES }, (_, i) => [`file-${i}.txt`, `${i} `.repeat(i)] as const);
const folder = await writeTree(join(cluster.folder, 'www'), {
  ...Object.fromEntries(files),
  'index.html': 'home',
  'empty.txt': '',
  'forty.bin': Buffer.alloc(40_000, 'y'),
  'large.bin': Buffer.alloc(LARGE_BYTES, 'x'),
  _redirects: '/old /file-1.txt 301\n',
});
await cluster.client.putSite('www', { domains: [HOST] });
const published = await cluster.skerry('publish', folder, '--site', 'www', '--wait');
if (published.code !== 0) throw new Error(published.stderr);

/** Paths with the status and the number of bytes that they have to get. */
const EXPECTED: readonly (readonly [path: string, status: number, bytes: number | undefined])[] = [
  ...files.map(([path, text]) => [`/${path}`, 200, text.length] as const),
  ['/', 200, 4],
  ['/empty.txt', 200, 0],
  ['/forty.bin', 200, 40_000],
  ['/large.bin', 200, LARGE_BYTES],
  ['/old', 301, undefined],
  ['/missing', 404, undefined],
  ['/%zz', 400, undefined],
];
const paths = EXPECTED.map(([path]) => path);
const urls = paths.map((path) => `https://${HOST}:${port}${path}`);
const expected = EXPECTED.map(([path, status, bytes]) =>
  bytes === undefined ? [path, status] : [path, status, bytes],
);

/** What a client has got, without the bytes of responses whose text does not matter. */
function got(responses: readonly (readonly [status: number, bytes: number])[]) {
  return responses.map(([status, bytes], i) =>
    EXPECTED[i]?.[2] === undefined ? [paths[i], status] : [paths[i], status, bytes],
  );
}

t.test("Node's own client", async (t) => {
  const session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false, servername: HOST });
  const responses = await Promise.all(
    paths.map(async (path) => {
      const stream = session.request({ ':path': path, ':authority': HOST });
      let status = 0;
      stream.on('response', (headers) => {
        status = Number(headers[':status']);
      });
      const body = Buffer.concat(await stream.toArray());
      return [status, body.length] as const;
    }),
  );
  session.close();
  t.strictSame(got(responses), expected);
});

t.test('undici', async (t) => {
  const agent = new Agent({ allowH2: true, connect: { rejectUnauthorized: false, servername: HOST } });
  const responses = await Promise.all(
    paths.map(async (path) => {
      const { statusCode, body } = await agent.request({
        ...{ origin: `https://127.0.0.1:${port}`, path, method: 'GET', headers: { host: HOST } },
      });
      return [statusCode, (await body.bytes()).length] as const;
    }),
  );
  await agent.close();
  t.strictSame(got(responses), expected);
});

t.test('curl, with parallel transfers', async (t) => {
  const { stdout } = await run('curl', [
    ...['-sk', '--http2', '--parallel', '--path-as-is', '--resolve', `${HOST}:${port}:127.0.0.1`],
    ...['-w', '%{http_version} %{http_code} %{size_download} %{url_effective}\n'],
    ...urls.flatMap((url) => ['-o', '/dev/null', url]),
  ]);
  const lines = new Map(
    stdout
      .trim()
      .split('\n')
      .map((line) => [line.split(' ')[3], line.split(' ')]),
  );
  const responses = urls.map((url) => lines.get(url) ?? []);
  t.strictSame(new Set(responses.map(([version]) => version)), new Set(['2']));
  t.strictSame(got(responses.map(([, status, bytes]) => [Number(status), Number(bytes)])), expected);
});

t.test('python3-h2', async (t) => {
  const script = fileURLToPath(new URL('load.py', import.meta.url));
  const { stdout } = await run(PYTHON, [script, String(port), HOST, ...paths]);
  const responses = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number));
  t.strictSame(got(responses.map(([status = 0, bytes = 0]) => [status, bytes])), expected);
});

t.test('nghttp, which sends priorities and small windows', async (t) => {
  for (const options of [
    [],
    ['--window-bits=10', '--connection-window-bits=12'],
    ['--header-table-size=0'],
  ]) {
    const { stdout } = await run('nghttp', [
      ...[
        '-ns',
        ...options,
        '-H',
        `:authority: ${HOST}`,
        ...paths.map((path) => `https://127.0.0.1:${port}${path}`),
      ],
    ]);
    const lines = stdout.split('\n').flatMap((line) => /(\d{3}) +\S+ (\/\S*)$/.exec(line) ?? []);
    const statuses = new Map<string | undefined, number>();
    for (let i = 0; i < lines.length; i += 3) statuses.set(lines[i + 2], Number(lines[i + 1]));
    t.strictSame(
      paths.map((path) => [path, statuses.get(path)]),
      expected.map(([path, status]) => [path, status]),
      options.join(' '),
    );
  }
});

t.test('h2load, with 64 connections of ten streams', async (t) => {
  for (const path of ['/file-9.txt', '/forty.bin', '/large.bin']) {
    const { stdout } = await run('h2load', [
      ...['-n', '640', '-c', '64', '-m', '10', '-H', `:authority: ${HOST}`],
      `https://127.0.0.1:${port}${path}`,
    ]);
    t.match(stdout, /640 succeeded, 0 failed, 0 errored, 0 timeout/, path);
  }
});
