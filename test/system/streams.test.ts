import { randomBytes } from 'node:crypto';
import { type ClientHttp2Session, connect } from 'node:http2';
import { join } from 'node:path';
import t from 'tap';
import { writeCertificate } from '../helpers/certificates.ts';
import { freePorts, startCluster } from '../helpers/cluster.ts';
import { writeTree } from '../helpers/tree.ts';

/** Large objects side by side in one session of HTTP/2, of a reader who opens small windows. */
const HOST = 'www.example';
const LARGE = randomBytes(3 * 1024 * 1024);
const certs = join(t.testdir(), 'certs');
await writeCertificate(join(certs, 'a'), [HOST]);
const ports = await freePorts(2);
const cluster = await startCluster({
  edges: 2,
  args: (index) => [
    ...['--tls-port', String(ports[index]), '--certs', certs],
    ...(index === 1 ? ['--storage', 'lazy'] : []),
  ],
});
t.teardown(() => cluster.close());
const folder = await writeTree(join(cluster.folder, 'www'), {
  'large.bin': LARGE,
  // More than is kept in memory: its readers get pieces of the file.
  'huge.bin': randomBytes(20 * 1024 * 1024),
  'small.txt': 'small',
});
await cluster.client.putSite('www', { domains: [HOST] });
const published = await cluster.skerry('publish', folder, '--site', 'www', '--wait');
if (published.code !== 0) throw new Error(published.stderr);

function open(port: number, window: number): ClientHttp2Session {
  const session = connect(`https://127.0.0.1:${port}`, {
    servername: HOST,
    rejectUnauthorized: false,
    settings: { initialWindowSize: window },
  });
  session.on('connect', () => session.setLocalWindowSize(2 ** 30));
  return session;
}

async function read(session: ClientHttp2Session, path: string): Promise<string> {
  const stream = session.request({ ':path': path, ':authority': HOST });
  let status: unknown;
  stream.on('response', (headers) => {
    status = headers[':status'];
  });
  try {
    let bytes = 0;
    for await (const piece of stream) bytes += (piece as Buffer).length;
    return `${status}, ${bytes} bytes`;
  } catch (error) {
    return String(error);
  }
}

for (const [index, storage] of [
  [1, 'lazy'],
  [0, 'full'],
] as const)
  t.test(`ten streams side by side, ${storage} storage`, async (t) => {
    const session = open(ports[index] ?? 0, 2 ** 16 - 1);
    const ended = await Promise.all(Array.from({ length: 10 }, () => read(session, '/large.bin')));
    session.close();
    t.strictSame(
      ended,
      ended.map(() => `200, ${LARGE.length} bytes`),
    );
  });

t.test('a stream is answered while others of its session wait for a reader who has paused', async (t) => {
  const session = open(ports[0] ?? 0, 2 ** 16 - 1);
  t.teardown(() => session.destroy());
  // Who reads quickly is given larger and larger pieces: each stream has one under way when it is paused.
  const paused = Array.from({ length: 24 }, async () => {
    const stream = session.request({ ':path': '/huge.bin', ':authority': HOST });
    stream.on('error', () => {});
    let bytes = 0;
    await new Promise<void>((resolve) => {
      stream.on('data', (piece: Buffer) => {
        bytes += piece.length;
        if (bytes < 4 * 1024 * 1024) return;
        stream.pause();
        resolve();
      });
      stream.on('close', resolve);
    });
    return stream;
  });
  const streams = await Promise.all(paused);
  t.notOk(streams.some((stream) => stream.closed));
  t.equal(await read(session, '/small.txt'), '200, 5 bytes');
});
