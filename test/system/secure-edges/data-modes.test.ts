import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { read } from '../../helpers/http.ts';
import { writeTree } from '../../helpers/tree.ts';
import { cluster, edge } from './cluster.ts';

const SITE = 'kept';
const { folder } = cluster;

t.test('all that origin and edge write is for their owner alone, whatever the umask', async (t) => {
  const site = await writeTree(join(folder, SITE), {
    'index.html': 'home',
    'page.html': '<p>compressible</p>'.repeat(500),
    'large.bin': Buffer.alloc(3 * 1024 * 1024, 'large'),
  });
  const published = await cluster.skerry('publish', site, '--site', SITE, '--wait');
  t.equal(published.code, 0, published.stderr);
  t.equal((await read(edge.url, SITE, 'index.html')).status, 200);
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
