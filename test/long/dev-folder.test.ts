import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { read } from '../helpers/http.ts';
import { shows, startDev } from '../helpers/started-dev.ts';
import { writeTree } from '../helpers/tree.ts';

t.test('a watched folder is followed; a rollback stands until it changes', async (t) => {
  const site = await writeTree(join(t.testdir({}), 'docs'), { 'index.html': 'one', 'old.txt': 'old' });
  const { edges, skerry } = await startDev(t, site);
  await shows(edges, 'docs', 'index.html', 'one');
  await writeFile(join(site, 'index.html'), 'two');
  await shows(edges, 'docs', 'index.html', 'two');

  t.equal((await skerry('rollback', 'docs')).code, 0);
  await shows(edges, 'docs', 'index.html', 'one');
  await rm(join(site, 'old.txt'));
  await writeFile(join(site, 'new name.txt'), 'new');
  await shows(edges, 'docs', 'new name.txt', 'new');
  await shows(edges, 'docs', 'index.html', 'two');
  const gone = await Promise.all(edges.map((edge) => read(edge, 'docs', 'old.txt')));
  t.strictSame(
    gone.map(({ status }) => status),
    [404, 404, 404],
  );

  const { revisions } = JSON.parse((await skerry('revisions', 'docs', '--json')).stdout);
  t.equal(revisions.find((revision: { restores: number | null }) => revision.restores !== null).restores, 1);
});
