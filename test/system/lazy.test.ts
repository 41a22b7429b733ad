import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import t from 'tap';
import { cli } from '../helpers/cli.ts';
import { type Answer, ask, read } from '../helpers/http.ts';
import { openObjects } from '../helpers/open-objects.ts';
import { readAlone } from '../helpers/read-alone.ts';
import { lazily, startShapedCluster } from '../helpers/shaped-cluster.ts';
import { writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';

const SITE = 'www';
const MB = 1024 * 1024;
const BUDGET = 12 * MB;
const { cluster, edge, link, close } = await startShapedCluster({ processes: 2, args: () => lazily(BUDGET) });
t.teardown(close);

const files: Record<string, Buffer | string> = {
  'index.html': '<p>hello',
  'page.html': `<p>${'text that can be packed '.repeat(200)}`,
  'pinned/a.txt': 'pinned',
  'pinned/b.bin': randomBytes(2 * MB),
  'middle.bin': randomBytes(300_000),
  'large.bin': randomBytes(3 * MB),
  'film.bin': randomBytes(8 * MB),
  _headers: '/*\n  X-Rule: yes\n',
};

async function publish(content: typeof files): Promise<void> {
  const folder = await writeTree(join(cluster.folder, SITE), content);
  const { code, stderr } = await cluster.skerry('publish', folder, '--site', SITE, '--wait');
  if (code !== 0) throw new Error(stderr);
}

const get = (path: string, headers: Record<string, string> = {}) => read(edge.url, SITE, path, { headers });
const cacheStatus = ({ headers }: Answer) => headers['cache-status'];
const isFile = ({ status, body }: Answer, path: string) =>
  status === 200 && body.equals(Buffer.from(files[path] ?? ''));

async function broughtBy<T>(act: () => Promise<T>): Promise<{ result: T; bytes: number }> {
  const before = link.bytesDown ?? 0;
  const result = await act();
  return { result, bytes: (link.bytesDown ?? 0) - before };
}

async function storage(): Promise<{ heldBytes: number; misses: number; collapsed: number }> {
  return JSON.parse((await ask(edge?.adminUrl ?? '', '/status')).body.toString()).storage;
}

await publish(files);

t.test('what nobody asks for does not travel; what is asked for does once', async (t) => {
  t.ok((await storage()).heldBytes < 1000, 'the rules alone are here');
  const first = await get('index.html');
  t.ok(isFile(first, 'index.html'));
  t.equal(first.headers['x-rule'], 'yes');
  t.equal(cacheStatus(first), 'Skerry; fwd=miss; stored; detail=origin');
  const second = await broughtBy(() => get('index.html'));
  t.match(cacheStatus(second.result), /^Skerry; hit; detail=(memory|disk)$/);
  const middle = await get('middle.bin');
  t.ok(isFile(middle, 'middle.bin'));
  const { result, bytes } = await broughtBy(() => get('nowhere.bin'));
  t.equal(result.status, 404);
  t.ok(bytes < 5000, `${bytes} bytes for what is not there`);
  t.equal(
    (await read(edge.url, SITE, 'large.bin', { method: 'HEAD' })).headers['content-length'],
    String(3 * MB),
  );
});

t.test('however many readers wait for one object, in whichever process, it is fetched once', async (t) => {
  // So slowly that all have asked before it is here.
  link.bytesPerSecond = 3 * MB;
  const { result, bytes } = await broughtBy(() =>
    Promise.all(Array.from({ length: 24 }, () => readAlone(edge.url, SITE, 'large.bin'))),
  );
  link.bytesPerSecond = Number.POSITIVE_INFINITY;
  for (const answer of result) if (!isFile(answer, 'large.bin')) t.fail(`${answer.status}`);
  t.ok(bytes > 3 * MB && bytes < 3.3 * MB, `${bytes} bytes`);
  const collapsed = result.filter((answer) => cacheStatus(answer)?.includes('collapsed'));
  t.ok(collapsed.length >= 16, `${collapsed.length} were collapsed`);
  t.match(cacheStatus(await get('large.bin')), /^Skerry; hit/);
});

t.test('a range of a large object does not wait for the whole of it, nor bring it', async (t) => {
  const start = 6 * MB;
  const part = () => get('film.bin', { range: `bytes=${start}-${start + 99}` });
  const { result, bytes } = await broughtBy(part);
  t.equal(result.status, 206);
  t.ok(result.body.equals((files['film.bin'] as Buffer).subarray(start, start + 100)));
  t.ok(bytes < 2.5 * MB, `${bytes} bytes`);
  t.equal(cacheStatus(result), 'Skerry; fwd=miss; stored; detail=origin');
  t.equal(cacheStatus(await part()), 'Skerry; hit; detail=disk');
  const parts = await get('film.bin', { range: 'bytes=0-9,5000000-5000009' });
  t.equal(parts.status, 206);
  t.ok(parts.body.includes((files['film.bin'] as Buffer).subarray(5_000_000, 5_000_010)));
});

t.test(
  'the first byte comes before the last one is stored; a reader who leaves ends the fetch',
  async (t) => {
    await publish({ ...files, 'slow.bin': randomBytes(8 * MB) });
    const before = link.bytesDown;
    link.bytesPerSecond = 2 * MB;
    const sent = request(`${edge.url}/slow.bin`, { headers: { host: `${SITE}.localhost` } }).end();
    const [response] = await once(sent, 'response');
    await once(response, 'data');
    t.match(await drafts(), [/^partial-/]);
    sent.destroy();
    await until('the fetch to end', async () => (await openObjects(edge)) === 0);
    const came = link.bytesDown - before;
    t.ok(came < 7 * MB, `${came} bytes came of 8 MiB`);
    link.bytesPerSecond = Number.POSITIVE_INFINITY;
  },
);

t.test('killed while an object comes in, an edge serves and keeps nothing that is broken', async (t) => {
  const content = randomBytes(8 * MB);
  await publish({ ...files, 'broken.bin': content });
  link.bytesPerSecond = 2 * MB;
  const readers = Array.from({ length: 5 }, () =>
    readAlone(edge.url, SITE, 'broken.bin').catch(() => undefined),
  );
  await until('some of it', async () => (await storage()).heldBytes > 0 && (await drafts()).length > 0);
  await edge.stop('SIGKILL');
  for (const answer of await Promise.all(readers))
    t.notOk(answer?.status === 200 && !answer.body.equals(content));
  link.bytesPerSecond = Number.POSITIVE_INFINITY;
  await edge.start();
  t.strictSame(await drafts(), []);
  const again = await get('broken.bin');
  t.ok(again.status === 200 && again.body.equals(content));
  const verified = await cli(['verify', '--admin', edge.adminUrl]);
  t.equal(verified.code, 0, verified.stdout);
});

t.test('without its parent it serves what it has, and says so of the rest', async (t) => {
  await get('index.html');
  await link.cut();
  t.ok(isFile(await get('index.html'), 'index.html'));
  const missing = await get('pinned/a.txt');
  t.match(missing, { status: 503, headers: { 'retry-after': '5', 'cache-status': 'Skerry; fwd=miss' } });
  t.equal((await get('nowhere.bin')).status, 404);
  await link.restore();
  t.ok(
    isFile(
      await until(
        'the origin',
        async () => (await get('pinned/a.txt')).status === 200 && get('pinned/a.txt'),
      ),
      'pinned/a.txt',
    ),
  );
});

t.test('compressed variants are made of what readers ask for', async (t) => {
  const packed = await until('a variant', async () => {
    const answer = await get('page.html', { 'accept-encoding': 'br' });
    return answer.headers['content-encoding'] === 'br' && answer;
  });
  t.equal(packed.status, 200);
});

t.test('what was read last stays within the disk budget, and what is pinned stays', async (t) => {
  await publish({
    ...files,
    ...Object.fromEntries([1, 2, 3, 4, 5].map((i) => [`${i}.bin`, randomBytes(3 * MB)])),
  });
  const set = await cluster.skerry('sites', 'set', SITE, '--pin-path', '/pinned/*');
  t.equal(set.code, 0, set.stderr);
  await until('what is pinned', async () => (await heldFiles()).some((size) => size === 2 * MB));
  for (const path of ['1.bin', '2.bin', '3.bin', '1.bin', '4.bin', '5.bin'])
    t.equal((await get(path)).status, 200, path);
  await until('room', async () => (await storage()).heldBytes <= BUDGET);
  t.ok((await heldFiles()).reduce((sum, size) => sum + size, 0) <= BUDGET);
  t.equal(cacheStatus(await get('5.bin')), 'Skerry; hit; detail=disk');
  t.match(cacheStatus(await get('2.bin')), /^Skerry; fwd=miss/);
  t.ok((await heldFiles()).includes(2 * MB));
  await link.cut();
  t.ok(isFile(await get('pinned/b.bin'), 'pinned/b.bin'));
  await link.restore();
});

t.test('a site is warmed before readers come, as far as there is room', async (t) => {
  const warm = async (...args: string[]) => {
    const { code, stdout, stderr } = await cli(['warm', SITE, ...args, '--admin', edge.adminUrl, '--json']);
    t.equal(code, 0, stderr);
    return JSON.parse(stdout);
  };
  await purge('--all');
  t.match(await warm('/middle*', 'page.html'), { fetched: { objects: 2 }, left: { objects: 0 } });
  t.match(cacheStatus(await get('middle.bin')), /^Skerry; hit/);
  const all = await warm();
  t.ok(all.left.objects > 0 && all.fetched.objects > 0, JSON.stringify(all));
  t.ok((await storage()).heldBytes <= BUDGET);
  t.match(await cli(['warm', 'nothing', '--admin', edge.adminUrl]), {
    code: 1,
    stderr: /no site nothing/,
  });
  t.match(await cli(['warm', SITE, '/*/*', '--admin', edge.adminUrl]), {
    code: 1,
    stderr: /more than one \*/,
  });
});

t.test('what cannot be meant is refused', async (t) => {
  const full = ['edge', '--data', join(cluster.folder, 'x'), '--disk', '1000000'];
  t.match(await cli(full), { code: 1, stderr: /--disk needs --storage lazy/ });
  t.match(await cli([...full, '--storage', 'some']), { code: 2, stderr: /storage/ });
  const set = await cluster.skerry('sites', 'set', SITE, '--pin-path', 'pinned');
  t.match(set, { code: 1, stderr: /pinned: a path begins with \// });
});

t.test('a purge drops what nothing else names', async (t) => {
  await publish({
    'a.bin': files['middle.bin'] ?? '',
    'b/a.bin': files['middle.bin'] ?? '',
    'c.bin': randomBytes(300_000),
  });
  for (const path of ['a.bin', 'c.bin']) t.equal((await get(path)).status, 200);
  await purge('c.bin', 'a.bin');
  t.match(cacheStatus(await get('c.bin')), /^Skerry; fwd=miss/);
  t.match(cacheStatus(await get('a.bin')), /^Skerry; hit; detail=disk/, 'another path has it, too');
});

async function purge(...args: string[]): Promise<void> {
  const { code, stderr } = await cluster.skerry('purge', SITE, '--wait', ...args);
  if (code !== 0) throw new Error(stderr);
}

const drafts = () => readdir(join(edge.data, 'objects', 'drafts'));

/** Sizes of the larger objects on the disk. */
async function heldFiles(): Promise<number[]> {
  const folder = join(edge?.data ?? '', 'objects', 'large');
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = found
    .filter((file) => file.isFile())
    // One may just have made room.
    .map((file) => stat(join(file.parentPath, file.name)).catch(() => ({ size: 0 })));
  return (await Promise.all(sizes)).map(({ size }) => size);
}
