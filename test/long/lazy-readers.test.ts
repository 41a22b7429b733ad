import { randomBytes } from 'node:crypto';
import { open, readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:http2';
import { join } from 'node:path';
import t from 'tap';
import { writeCertificate } from '../helpers/certificates.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { ask, read } from '../helpers/http.ts';
import { openObjects } from '../helpers/open-objects.ts';
import { skerry } from '../helpers/processes.ts';
import { readAlone } from '../helpers/read-alone.ts';
import { lazily, startShapedCluster } from '../helpers/shaped-cluster.ts';
import { writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';

/** Faults that readers of a lazy edge met, or could make, while objects come in slowly or not at all. */
const SITE = 'www';
const MB = 1024 * 1024;
const certs = t.testdir({});
// Of another host: readers of one that has a certificate are sent to HTTPS.
await writeCertificate(join(certs, 'other'), ['other.localhost']);
const [tlsPort = 0] = await freePorts(1);
let storage = lazily(200 * MB);
const { cluster, edge, link, close } = await startShapedCluster({
  args: () => [...storage, '--tls-port', String(tlsPort), '--certs', certs],
});
t.teardown(close);

async function publish(content: Record<string, Buffer | string>): Promise<void> {
  const folder = await writeTree(join(cluster.folder, SITE), content);
  const { code, stderr } = await cluster.skerry('publish', folder, '--site', SITE, '--wait');
  if (code !== 0) throw new Error(stderr);
}

const range = (start: number, end: number) => ({ range: `bytes=${start}-${end}` });
const drafts = () => readdir(join(edge.data, 'objects', 'drafts'));

t.test('a range is not kept waiting by others that read on from theirs', async (t) => {
  const film = randomBytes(60 * MB);
  await publish({ 'film.bin': film });
  link.bytesPerSecond = 4 * MB;
  const long = [0, 15, 30].map((start) =>
    readAlone(edge.url, SITE, 'film.bin', range(start * MB, film.length)).catch(() => undefined),
  );
  await until('three transfers', async () => link.bytesDown > 2 * MB);
  const fourth = await read(edge.url, SITE, 'film.bin', { headers: range(55 * MB, 55 * MB + 99) });
  t.equal(fourth.status, 206);
  t.ok(fourth.body.equals(film.subarray(55 * MB, 55 * MB + 100)));
  link.bytesPerSecond = Number.POSITIVE_INFINITY;
  for (const answer of await Promise.all(long)) t.equal(answer?.status, 206);
});

t.test('nor by what is warmed', async (t) => {
  await publish(Object.fromEntries([1, 2, 3, 4, 5].map((i) => [`${i}.bin`, randomBytes(8 * MB)])));
  link.bytesPerSecond = 4 * MB;
  const warmed = skerry(['warm', SITE, '/1.bin', '/2.bin', '/3.bin', '/4.bin', '--admin', edge.adminUrl]);
  await until('it to come in', async () => (await drafts()).length > 0);
  const reader = await read(edge.url, SITE, '5.bin', { headers: range(0, 99) });
  t.equal(reader.status, 206);
  link.bytesPerSecond = Number.POSITIVE_INFINITY;
  t.match(await warmed, { code: 0, stdout: /fetched 4 objects/ });
});

t.test('readers who leave while they wait leave nothing behind, over HTTP/2 too', async (t) => {
  await publish({ 'film.bin': randomBytes(16 * MB) });
  link.freeze();
  const session = connect(`https://127.0.0.1:${tlsPort}`, {
    rejectUnauthorized: false,
    servername: 'other.localhost',
  });
  const streams = Array.from({ length: 20 }, (_, i) => {
    const stream = session.request({
      ':path': '/film.bin',
      ':authority': 'www.localhost',
      ...range(i * 400_000, i * 400_000 + 300_000),
    });
    stream.on('error', () => {});
    return stream;
  });
  await new Promise<void>((resolve) => session.ping(() => resolve()));
  for (const stream of streams) stream.close(8);
  await new Promise<void>((resolve) => session.ping(() => resolve()));
  session.destroy();
  link.thaw();
  await until('no file to be open', async () => (await openObjects(edge)) === 0);
  t.equal((await cluster.skerry('purge', SITE, '--all', '--wait')).code, 0);
  await until('nothing to be there', async () => (await drafts()).length === 0);
});

t.test('what does not come is told at once, and as an error alone', async (t) => {
  await publish({ 'app.12345678.js': randomBytes(4 * MB), 'film.bin': randomBytes(8 * MB) });
  t.equal((await read(edge.url, SITE, 'film.bin', { headers: range(0, 99) })).status, 206);
  await link.cut();
  for (const [path, headers] of [
    ['film.bin', range(6 * MB, 6 * MB + 99)],
    ['app.12345678.js', {}],
  ] as const) {
    const began = performance.now();
    const answer = await read(edge.url, SITE, path, { headers });
    t.equal(answer.status, 503, path);
    t.ok(performance.now() - began < 10_000, 'not after the time that a reader is let wait');
    for (const name of ['etag', 'content-range', 'cache-control', 'last-modified'])
      t.equal(answer.headers[name], undefined, name);
  }
  await link.restore();
});

t.test('what is pruned takes what is there of it in part with it', async (t) => {
  t.equal((await cluster.skerry('sites', 'set', SITE, '--keep-revisions', '1', '--keep-days', '0')).code, 0);
  await publish({ 'film.bin': randomBytes(8 * MB) });
  t.equal((await read(edge.url, SITE, 'film.bin', { headers: range(0, 3 * MB) })).status, 206);
  t.ok((await drafts()).length > 0);
  await publish({ 'film.bin': randomBytes(8 * MB) });
  const asked = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
  await until('it to be gone', async () => {
    t.equal((await ask(edge.adminUrl, '/prune', asked)).status, 200);
    return (await drafts()).length === 0;
  });
});

t.test('damage that was mended is served no more', async (t) => {
  const film = randomBytes(20 * MB);
  await publish({ 'film.bin': film });
  t.ok((await read(edge.url, SITE, 'film.bin')).body.equals(film));
  const large = join(edge.data, 'objects', 'large');
  // The reader has the last byte before the object is moved to its place.
  const held = await until('the object to be on the disk', async () => {
    for (const name of await readdir(large, { recursive: true })) {
      const bytes = await readFile(join(large, name)).catch(() => undefined);
      if (bytes?.equals(film)) return name;
    }
    return undefined;
  });
  const file = await open(join(large, held), 'r+');
  await file.write('DAMAGED!', 0);
  await file.close();
  await read(edge.url, SITE, 'film.bin');
  t.equal((await skerry(['verify', '--repair', '--admin', edge.adminUrl])).code, 0);
  t.ok((await read(edge.url, SITE, 'film.bin')).body.equals(film));
});

t.test('a receipt says what the edge holds now', async (t) => {
  const covers = async () => {
    const { stdout } = await cluster.skerry('receipts', SITE, '--json');
    return stdout;
  };
  t.match(await covers(), /"covers": ?"lazy"/);
  await edge.stop();
  storage = [];
  await edge.start();
  await until('the new receipt', async () => /"covers": ?"all"/.test(await covers()));
  t.match(await skerry(['verify', '--admin', edge.adminUrl]), { code: 0 });
});
