import { randomBytes } from 'node:crypto';
import { type ClientHttp2Session, connect } from 'node:http2';
import { join } from 'node:path';
import t from 'tap';
import { writeTree } from '../../helpers/tree.ts';
import { cluster, fullPort, lazyPort } from './cluster.ts';

/** Large objects side by side in one session of HTTP/2, of a reader who opens small windows. */
const HOST = 'streams.example';
const LARGE = randomBytes(3 * 1024 * 1024);
const SITE = 'streamed';
const folder = await writeTree(join(cluster.folder, SITE), {
  'large.bin': LARGE,
  // More than is kept in memory: its readers get pieces of the file.
  'huge.bin': randomBytes(20 * 1024 * 1024),
  'small.txt': 'small',
});
await cluster.client.putSite(SITE, { domains: [HOST] });
const published = await cluster.skerry('publish', folder, '--site', SITE, '--wait');
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

for (const [port, storage] of [
  [lazyPort, 'lazy'],
  [fullPort, 'full'],
] as const)
  t.test(`ten streams side by side, ${storage} storage`, async (t) => {
    const session = open(port, 2 ** 16 - 1);
    const ended = await Promise.all(Array.from({ length: 10 }, () => read(session, '/large.bin')));
    session.close();
    t.strictSame(
      ended,
      ended.map(() => `200, ${LARGE.length} bytes`),
    );
  });

t.test('a stream is answered while others of its session wait for a reader who has paused', async (t) => {
  const session = open(fullPort, 2 ** 16 - 1);
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
