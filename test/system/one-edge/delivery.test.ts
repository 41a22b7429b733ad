import { join } from 'node:path';
import t from 'tap';
import { gzipped, tarOf, zipOf } from '../../helpers/archives.ts';
import { ask, sha256 } from '../../helpers/http.ts';
import { writeTree } from '../../helpers/tree.ts';
import { until } from '../../helpers/until.ts';
import { cluster, edge } from './cluster.ts';

const SITE = 'delivered';
const { origin } = cluster;

const film = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => i % 251));
const tree = {
  'index.html': '<h1>home</h1>',
  '404.html': '<h1>nothing here</h1>',
  'docs/index.html': 'docs',
  'film.mp4': film,
  'ten.bin': '0123456789',
  _headers: '/*\n  X-Frame-Options: DENY\n',
  _redirects: '/old/*  /docs/:splat  302\n/app/*  /index.html  200\n',
};

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  ask(edge.url, path, { method, headers: { host: `${SITE}.localhost`, ...headers } });

t.test('a site with rules', async (t) => {
  const folder = await writeTree(join(cluster.folder, SITE), tree);
  t.equal((await cluster.skerry('publish', folder, '--site', SITE, '--wait')).code, 0);
  t.match(await get('/'), { status: 200, headers: { 'x-frame-options': 'DENY' } });
  t.match(await get('/old/a?b=1'), { status: 302, headers: { location: '/docs/a?b=1' } });
  t.match(await get('/app/user/1'), { status: 200 });
  t.equal((await get('/app/user/1')).body.toString(), tree['index.html']);
  t.match(await get('/app/main.js'), { status: 404 });
  t.equal((await get('/app/main.js')).body.toString(), tree['404.html']);
  t.match(await get('/_redirects'), { status: 404 });
  t.match(await get('/', {}, 'DELETE'), { status: 405, headers: { allow: 'GET, HEAD, OPTIONS' } });
  t.match(await get('/', {}, 'OPTIONS'), { status: 204, headers: { allow: 'GET, HEAD, OPTIONS' } });
});

t.test('ranges of a small and of a large object, from disk and from memory', async (t) => {
  for (let round = 0; round < 4; round++) {
    t.equal(sha256((await get('/film.mp4')).body), sha256(film));
    const part = await get('/film.mp4', { range: 'bytes=1000000-1999999' });
    t.match(part, { status: 206, headers: { 'content-range': 'bytes 1000000-1999999/3000000' } });
    t.equal(sha256(part.body), sha256(film.subarray(1_000_000, 2_000_000)));
    for (const [path, all] of [
      ['/film.mp4', film],
      ['/ten.bin', Buffer.from(tree['ten.bin'])],
    ] as const) {
      const several = await get(path, { range: 'bytes=0-1,4-6,-2' });
      const boundary = /boundary=(.*)$/.exec(several.headers['content-type'] ?? '')?.[1];
      t.equal(several.headers['content-length'], String(several.body.length));
      const expected = [all.subarray(0, 2), all.subarray(4, 7), all.subarray(-2)].map((bytes, i) => {
        const start = [0, 4, all.length - 2][i] ?? 0;
        return Buffer.concat([
          Buffer.from(
            `\r\n--${boundary}\r\nContent-Type: ${path === '/film.mp4' ? 'video/mp4' : 'application/octet-stream'}\r\n` +
              `Content-Range: bytes ${start}-${start + bytes.length - 1}/${all.length}\r\n\r\n`,
          ),
          bytes,
        ]);
      });
      t.equal(
        several.body.toString('latin1'),
        Buffer.concat([...expected, Buffer.from(`\r\n--${boundary}--\r\n`)]).toString('latin1'),
      );
    }
  }
  const warm = await get('/film.mp4');
  t.match(warm.headers['cache-status'], /Skerry; hit; detail=(memory|disk)/);
});

t.test('rules that nobody could follow are refused with their lines, and change nothing', async (t) => {
  const before = await revision();
  const put = (file: string, content: string) =>
    ask(origin.url, `/v1/sites/${SITE}/files/${file}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${cluster.token}` },
      body: content,
    });
  const refused = await put('_redirects', '/fine /to\n\n/a\n/b /c 999\n');
  t.equal(refused.status, 422);
  t.match(JSON.parse(refused.body.toString()), {
    code: 'bad-rules',
    title: /^_redirects, line 3: .*; line 4: 999 is no status/,
    faults: [{ line: 3 }, { line: 4 }],
  });
  const folder = await writeTree(join(cluster.folder, 'bad'), BAD);
  const published = await cluster.skerry('publish', folder, '--site', SITE, '--allow-shrink');
  t.equal(published.code, 1);
  t.match(published.stderr, /^skerry: .*_headers, line 2: /);
  t.equal(await revision(), before);
  t.equal((await put('docs/_redirects', '/a\n')).status, 200, 'a file of that name elsewhere is a file');
});

const BAD = { 'index.html': 'new', _headers: '/*\n  X Frame: 1\n' };

async function revision(): Promise<number> {
  const { body } = await ask(origin.url, `/v1/sites/${SITE}`, {
    headers: { authorization: `Bearer ${cluster.token}` },
  });
  return (JSON.parse(body.toString()) as { revision: number }).revision;
}

t.test('what is stored with a file reaches readers', async (t) => {
  const site = 'described';
  const headers = { authorization: `Bearer ${cluster.token}` };
  t.equal((await ask(origin.url, `/v1/sites/${site}`, { method: 'PUT', headers })).status, 200);
  const stored = {
    'cache-control': 'public, max-age=600',
    'content-disposition': 'attachment; filename="report.txt"',
    'content-language': 'de',
    'x-skerry-meta-build': '1234',
  };
  const put = (extra: Record<string, string>) =>
    ask(origin.url, `/v1/sites/${site}/files/report.data`, {
      ...{ method: 'PUT', body: 'report' },
      headers: { ...headers, 'content-type': 'text/plain', ...extra },
    });
  const first = await put(stored);
  t.equal(first.status, 200, first.body.toString());
  const from = (base: string, path: string, method = 'GET') =>
    ask(base, path, { method, headers: base === origin.url ? headers : { host: `${site}.localhost` } });
  const expected = { status: 200, headers: { ...stored, 'content-type': 'text/plain; charset=utf-8' } };
  await until('the file at the edge', async () => (await from(edge.url, '/report.data')).status === 200);
  for (let round = 0; round < 3; round++) t.match(await from(edge.url, '/report.data'), expected);
  t.match(await from(edge.url, '/report.data', 'HEAD'), expected);
  t.match(await from(origin.url, `/v1/sites/${site}/files/report.data`, 'HEAD'), {
    headers: { ...stored, 'content-type': 'text/plain', vary: 'Authorization' },
  });
  const lines = await from(origin.url, `/v1/sites/${site}/revisions/1/manifest`);
  t.match(JSON.parse(lines.body.toString()), { path: 'report.data', type: 'text/plain', meta: stored });

  t.match(JSON.parse((await put(stored)).body.toString()), { unchanged: true });
  t.match(JSON.parse((await put({ 'content-language': 'fr' })).body.toString()), { revision: 2 });
  await until('the new metadata at the edge', async () => {
    const { headers } = await from(edge.url, '/report.data');
    return headers['content-language'] === 'fr' && headers['content-disposition'] === undefined;
  });
  const bad = await put({ 'x-skerry-meta-a': 'é' });
  t.match(bad, { status: 400 });
  t.match(JSON.parse(bad.body.toString()), { code: 'bad-meta' });
});

t.test('an archive that a real origin has unpacked', async (t) => {
  const headers = { authorization: `Bearer ${cluster.token}` };
  const files = { 'index.html': 'from an archive', 'large.bin': film };
  const zipped = zipOf(Object.entries(files).map(([name, content]) => ({ name, content })));
  for (const [site, body] of Object.entries({
    'from-tar': gzipped(await tarOf(files)),
    'from-zip': zipped,
  })) {
    await cluster.client.putSite(site);
    const put = await ask(origin.url, `/v1/sites/${site}/archive`, { method: 'PUT', headers, body });
    t.match(JSON.parse(put.body.toString()), { revision: 1 }, put.body.toString());
    await cluster.converged(site);
    for (const [path, content] of Object.entries(files)) {
      const { body } = await ask(edge.url, `/${path}`, { headers: { host: `${site}.localhost` } });
      t.equal(sha256(body), sha256(content), `${path} of ${site}`);
    }
  }
});
