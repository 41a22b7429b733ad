import t from 'tap';
import { gzipped, type PackedTree, tarOf, zipOf, zstandard } from '../../helpers/archives.ts';
import { ask, sha256 } from '../../helpers/http.ts';
import { loneOrigin } from '../../helpers/lone-origin.ts';

const origin = await loneOrigin(t);
const { client } = origin;
const headers = { authorization: `Bearer ${origin.token}` };

async function put(site: string, body: Buffer, query = '', extra: Record<string, string> = {}) {
  const answer = await ask(origin.url, `/v1/sites/${site}/archive${query}`, {
    ...{ method: 'PUT', body, headers: { ...headers, ...extra } },
  });
  return { status: answer.status, body: JSON.parse(answer.body.toString()) };
}

async function published(site: string, revision: number) {
  const files: Record<string, string> = {};
  for await (const { path, digest } of client.manifest(site, revision)) files[path] = digest;
  return files;
}

const digestsOf = (tree: PackedTree) =>
  Object.fromEntries(Object.entries(tree).map(([path, content]) => [path, sha256(content)]));
const below = (folder: string, tree: PackedTree): PackedTree =>
  Object.fromEntries(Object.entries(tree).map(([path, content]) => [`${folder}${path}`, content]));
const zipped = (tree: PackedTree) =>
  zipOf(Object.entries(tree).map(([name, content]) => ({ name, content })));

/** Above 1 MiB, so it has chunks. */
const large = Buffer.alloc(1_300_000);
for (let i = 0; i < large.length; i++) large[i] = (i * 7919) % 251;
const tree: PackedTree = {
  'index.html': '<h1>home</h1>',
  'a/b.css': 'a {}',
  'same.css': 'a {}',
  'large.bin': large,
  'large-too.bin': large.subarray(1),
  'empty.txt': '',
};

t.test('each form of an archive becomes one revision', async (t) => {
  const tar = await tarOf(tree);
  const forms = { tar, gz: gzipped(tar), zst: zstandard(tar), zip: zipped(tree) };
  for (const [form, bytes] of Object.entries(forms)) {
    await client.putSite(form);
    t.match(await put(form, bytes, '?message=from+CI'), {
      status: 200,
      body: { revision: 1, unchanged: false },
    });
    t.strictSame(await published(form, 1), digestsOf(tree), form);
    t.match(await client.revision(form, 1), { files: 6, message: 'from CI' });
    t.match(await put(form, bytes), { status: 200, body: { revision: 1, unchanged: true } }, 'once more');
  }
  const next = { 'index.html': 'new' };
  t.match(await put('zip', await tarOf(next), '', { 'content-type': 'application/zip' }), {
    body: { revision: 2 },
  });
  t.strictSame(
    await published('zip', 2),
    digestsOf(next),
    'it is the whole tree, whatever its media type says',
  );
});

t.test('a leading folder is stripped when asked', async (t) => {
  await client.putSite('stripped');
  const tar = await tarOf(below('package/', tree));
  t.match(await put('stripped', tar, '?strip=1'), { body: { revision: 1 } });
  t.strictSame(await published('stripped', 1), digestsOf(tree));
  t.match(await put('stripped', tar), { body: { revision: 2 } });
  t.strictSame(await published('stripped', 2), digestsOf(below('package/', tree)));
  t.match(await put('stripped', await tarOf(below('./', tree))), { body: { revision: 3 } });
  t.strictSame(await published('stripped', 3), digestsOf(tree), 'tar -C folder .');
  for (const bad of [{ 'a/x': 'x', 'b/y': 'y' }, { 'a/x': 'x', y: 'y' }, { '/x': 'x' }])
    t.match(await put('stripped', await tarOf(bad), '?strip=1'), {
      status: 400,
      body: { code: 'bad-archive' },
    });
});

t.test('the options of a commit', async (t) => {
  // The window of other sites is open at some time of the day.
  const hour = (new Date(origin.clock.now()).getUTCHours() + 12) % 24;
  const window = { cron: `0 ${hour} * * *`, timezone: 'UTC', minutes: 60 };
  await client.putSite('options', { policy: { batch: { window } } });
  t.match(await put('options', await tarOf({ a: '1' }), '?expect=0&mode=batch'), {
    body: { outcome: 'pending' },
  });
  t.match(await put('options', await tarOf({ a: '2' }), '?expect=0'), {
    status: 412,
    body: { code: 'revision-moved', current: 1 },
  });
  t.match(await put('options', await tarOf({ a: '2' }), '?expect=1&mode=batch&now=true'), {
    body: { revision: 2, outcome: 'live' },
  });
  t.match(await put('options', await tarOf({ a: '2' }), '?srtip=1'), { status: 400 });
});

t.test('what is refused changes nothing', async (t) => {
  await client.putSite('refusing');
  t.match(await put('refusing', await tarOf({ a: 'a' })), { body: { revision: 1 } });
  const head = (await client.status()).origin.seq;
  const tar = await tarOf(tree);
  const table: [string, Buffer, number, string][] = [
    ['nothing', Buffer.alloc(0), 400, 'bad-archive'],
    ['no archive', Buffer.from('hello'), 400, 'bad-archive'],
    ['an empty tar', await tarOf({}), 400, 'bad-archive'],
    ['an empty zip', zipOf([]), 400, 'bad-archive'],
    ['a tar that is cut', tar.subarray(0, 200_000), 400, 'bad-archive'],
    ['a path that climbs', await tarOf({ b: 'b', '../a': 'a' }), 400, 'bad-path'],
    ['a path that climbs in a zip', zipped({ b: 'b', 'c/../../a': 'a' }), 400, 'bad-path'],
    ['an absolute path', await tarOf({ '/etc/passwd': 'a' }), 400, 'bad-path'],
    ['a backslash', await tarOf({ 'a\\b': 'a' }), 400, 'bad-path'],
    ['a name that is no UTF-8', latin1(await tarOf({ caf_: 'a' })), 400, 'bad-path'],
    ['a path twice', zipOf([{ name: 'a' }, { name: 'a', content: 'x' }]), 400, 'duplicate-path'],
    ['a link', await tarOf({ b: 'b' }, [{ name: 'a', type: 'symlink', linkname: 'b' }]), 400, 'bad-archive'],
    ['a folder of Git', await tarOf({ b: 'b', 'x/.git/config': 'a' }), 400, 'bad-archive'],
    ['a data folder', zipped({ b: 'b', 'data/skerry-data.json': '{}' }), 400, 'bad-archive'],
    ['bad rules', await tarOf({ _headers: 'X-Nothing: a\n' }), 422, 'bad-rules'],
    ['a bomb', gzipped(await tarOf({ zeros: Buffer.alloc(86_000_000) })), 413, 'too-large'],
  ];
  for (const [what, body, status, code] of table)
    t.match(await put('refusing', body), { status, body: { code } }, what);
  t.equal((await client.status()).origin.seq, head);
  t.strictSame(await published('refusing', 1), digestsOf({ a: 'a' }));
  t.match(await put('nowhere', tar), { status: 404, body: { code: 'no-such-site' } });
  const { token } = await client.createToken({ scope: 'publish:other' });
  const others = { authorization: `Bearer ${token}` };
  t.match(await put('refusing', tar, '', others), { status: 403, body: { code: 'forbidden' } });
  t.match(await put('refusing', await tarOf({ a: 'b' })), { body: { revision: 2 } }, 'all still works');
});

/** Replaces the underscore in the name by an é of ISO-8859-1, and corrects the checksum of the head. */
function latin1(tar: Buffer): Buffer {
  const at = tar.indexOf('_');
  tar[at] = 0xe9;
  tar.write(' '.repeat(8), 148);
  const sum = tar.subarray(0, 512).reduce((sum, byte) => sum + byte, 0);
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return tar;
}

t.test('the description of the API has the route', async (t) => {
  const { paths } = JSON.parse((await ask(origin.url, '/openapi.json', { headers })).body.toString());
  t.match(paths['/v1/sites/{site}/archive'].put, { requestBody: { content: { 'application/zip': {} } } });
});
