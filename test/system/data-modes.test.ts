import { lstat, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { startCluster } from '../helpers/cluster.ts';
import { read } from '../helpers/http.ts';
import { writeTree } from '../helpers/tree.ts';

t.test('all that origin and edge write is for their owner alone, whatever the umask', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'skerry-'));
  // As somebody with another umask made it beforehand.
  const umask = process.umask(0);
  await mkdir(join(folder, 'origin'), { mode: 0o755 });
  await mkdir(join(folder, 'edge-1'), { mode: 0o777 });
  const log = join(folder, 'logs', 'access.log');
  const started = startCluster({ edges: 1, folder, args: () => ['--feed-port', '0', '--access-log', log] });
  t.teardown(async () => {
    await (await started).close();
    await rm(folder, { recursive: true, force: true });
  });
  const cluster = await started.finally(() => process.umask(umask));
  const site = await writeTree(join(folder, 'www'), {
    'index.html': 'home',
    'page.html': '<p>compressible</p>'.repeat(500),
    'large.bin': Buffer.alloc(3 * 1024 * 1024, 'large'),
  });
  const published = await cluster.skerry('publish', site, '--site', 'www', '--wait');
  t.equal(published.code, 0, published.stderr);
  const [edge] = cluster.edges;
  t.equal((await read(edge?.url ?? '', 'www', 'index.html')).status, 200);
  for (const [role, least] of [
    ['origin', 10],
    ['edge-1', 10],
    ['logs', 2],
  ] as const) {
    const open: string[] = [];
    let files = 0;
    for (const name of ['.', ...(await readdir(join(folder, role), { recursive: true }))]) {
      // Drafts and write-ahead logs come and go meanwhile.
      const stats = await lstat(join(folder, role, name)).catch(() => undefined);
      if (stats === undefined) continue;
      files++;
      if ((stats.mode & 0o077) !== 0) open.push(`${name} ${(stats.mode & 0o777).toString(8)}`);
    }
    t.ok(files >= least, `${files} files and folders of ${role}`);
    t.strictSame(open, [], role);
  }
});
