import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  brotliCompressSync,
  brotliDecompressSync,
  gunzipSync,
  gzipSync,
  zstdDecompressSync,
} from 'node:zlib';
import t from 'tap';
import { read, sha256 } from '../../helpers/http.ts';
import { packageFolder, writeTree } from '../../helpers/tree.ts';
import { until } from '../../helpers/until.ts';
import { cluster, edge } from './cluster.ts';

const SITE = 'variants';
const css = await readFile(join(packageFolder('bootstrap-a'), 'dist/css/bootstrap.css'));
const script = Buffer.from('let published = "beside its original";\n'.repeat(40));
const tree = {
  'index.html': '<h1>home</h1>',
  'bootstrap.css': css,
  'small.txt': 'some words of a small file, which are repeated; '.repeat(20),
  'image.png': Buffer.alloc(5000),
  'dense.json': JSON.stringify(Array.from({ length: 300 }, (_, i) => sha256(String(i)))),
  'app.js': script,
  'app.js.br': brotliCompressSync(Buffer.from(script)),
  'app.js.gz': gzipSync('something else'),
};
const folder = await writeTree(join(cluster.folder, SITE), tree);
const published = await cluster.skerry('publish', folder, '--site', SITE, '--wait');
if (published.code !== 0) throw new Error(published.stderr);

const get = (path: string, accept: string, headers: Record<string, string> = {}) =>
  read(edge.url, SITE, path, { headers: { 'accept-encoding': accept, ...headers } });
/** The threads that compress yield to all others, so on a busy machine they may wait for minutes. */
const PATIENCE_MS = 300_000;
const encoded = (path: string, coding: string) =>
  until(
    `${path} in ${coding}`,
    async () => {
      const answer = await get(path, coding);
      return answer.headers['content-encoding'] === coding && answer;
    },
    PATIENCE_MS,
  );
const decoders = { br: brotliDecompressSync, gzip: gunzipSync, zstd: zstdDecompressSync };

t.test('variants come by themselves, each with an ETag of its own', async (t) => {
  const etags = new Set<string | undefined>([(await get('bootstrap.css', 'identity')).headers.etag]);
  for (const [coding, decode] of Object.entries(decoders)) {
    const answer = await encoded('bootstrap.css', coding);
    t.equal(sha256(decode(answer.body)), sha256(css), coding);
    t.ok(answer.body.length < css.length / 5, `${coding}: ${answer.body.length} of ${css.length} bytes`);
    t.equal(answer.headers['content-length'], String(answer.body.length));
    t.equal(answer.headers.vary, 'Accept-Encoding');
    t.equal(answer.headers.etag, `"${sha256(answer.body)}"`);
    etags.add(answer.headers.etag);
    await encoded('small.txt', coding);
  }
  t.equal(etags.size, 4);
  t.match(await get('bootstrap.css', 'gzip, br, zstd'), { headers: { 'content-encoding': 'br' } });
  t.match(await get('bootstrap.css', 'gzip;q=1, br;q=0.5'), { headers: { 'content-encoding': 'gzip' } });
  const plain = await get('bootstrap.css', 'br;q=0');
  t.equal(plain.headers['content-encoding'], undefined);
  t.equal(plain.headers.vary, 'Accept-Encoding');
  t.equal(sha256(plain.body), sha256(css));
});

t.test('conditions and ranges are about the variant that is sent', async (t) => {
  const { headers, body } = await get('bootstrap.css', 'br');
  const etag = String(headers.etag);
  t.match(await get('bootstrap.css', 'br', { 'if-none-match': etag }), { status: 304 });
  const part = await get('bootstrap.css', 'br', { range: 'bytes=10-19', 'if-range': etag });
  t.match(part, { status: 206, headers: { 'content-range': `bytes 10-19/${body.length}` } });
  t.equal(part.body.toString('hex'), body.subarray(10, 20).toString('hex'));
  const plain = await get('bootstrap.css', 'identity');
  const resumed = await get('bootstrap.css', 'br', {
    range: 'bytes=100-199',
    'if-range': String(plain.headers.etag),
  });
  t.match(resumed, { status: 206, headers: { 'content-range': `bytes 100-199/${css.length}` } });
  t.equal(resumed.body.toString(), css.subarray(100, 200).toString());
});

t.test('what was published compressed is used when it is its original, compressed', async (t) => {
  const br = await encoded('app.js', 'br');
  t.equal(br.body.toString('hex'), Buffer.from(tree['app.js.br']).toString('hex'));
  const gzip = await encoded('app.js', 'gzip');
  t.equal(gunzipSync(gzip.body).toString(), script.toString());
  const itself = await get('app.js.br', 'br');
  t.equal(itself.headers['content-encoding'], undefined);
});

t.test('what is packed already, or too small, stays as it is', async (t) => {
  for (const path of ['image.png', 'index.html']) {
    const { headers } = await get(path, 'br, gzip, zstd');
    t.equal(headers['content-encoding'], undefined, path);
    t.equal(headers.vary, undefined, path);
  }
});

t.test('variants outlive the edge, and a new revision has its own', async (t) => {
  await edge.stop('SIGKILL');
  await edge.start();
  t.match(await get('bootstrap.css', 'br'), { headers: { 'content-encoding': 'br' } }, 'at once');
  const changed = Buffer.concat([css, Buffer.from('/* changed */')]);
  await writeTree(join(cluster.folder, SITE), { ...tree, 'bootstrap.css': changed });
  t.equal((await cluster.skerry('publish', folder, '--site', SITE, '--wait')).code, 0);
  t.equal(sha256((await get('bootstrap.css', 'identity')).body), sha256(changed));
  const answer = await encoded('bootstrap.css', 'br');
  t.equal(sha256(brotliDecompressSync(answer.body)), sha256(changed));
});
