import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { read } from '../../helpers/http.ts';
import { writeTree } from '../../helpers/tree.ts';
import { until } from '../../helpers/until.ts';
import { cluster, edge } from './cluster.ts';

const SITE = 'assets';
const get = (path: string) => read(edge.url, SITE, path);

async function publish(files: Record<string, string>): Promise<void> {
  await rm(join(cluster.folder, SITE), { recursive: true, force: true });
  const folder = await writeTree(join(cluster.folder, SITE), files);
  const { code, stderr } = await cluster.skerry('publish', folder, '--site', SITE, '--wait');
  if (code !== 0) throw new Error(stderr);
}

t.test('assets of older revisions are served on, and nothing else of them', async (t) => {
  await publish({ 'index.html': 'one', 'app.11111111a.js': 'first', 'old.html': 'old', '404.html': 'none' });
  await publish({ 'index.html': 'two', 'app.22222222b.js': 'second', '404.html': 'none' });
  await publish({ 'index.html': 'three', 'app.33333333c.js': 'third', '404.html': 'none', 'old2.html': '' });
  t.match(await get('app.33333333c.js'), { status: 200, headers: { 'skerry-revision': 'assets@3' } });
  for (let again = 0; again < 2; again++) {
    const first = await get('app.11111111a.js');
    t.match(first, { status: 200, headers: { 'skerry-revision': 'assets@1' } });
    t.equal(first.body.toString(), 'first');
    t.match(await get('app.22222222b.js'), { status: 200, headers: { 'skerry-revision': 'assets@2' } });
  }
  t.match(await get('old.html'), { status: 404, headers: { 'skerry-revision': 'assets@3' } });
  t.match(await get('app.44444444d.js'), { status: 404 });
});

t.test('they outlive a restart of the edge, and come back into their own by a rollback', async (t) => {
  await edge.stop('SIGKILL');
  await edge.start();
  await until('the edge', async () => (await get('app.11111111a.js')).status === 200);
  t.equal((await cluster.skerry('rollback', SITE, '--to', '1')).code, 0);
  await cluster.converged(SITE);
  t.match(await get('app.11111111a.js'), { status: 200, headers: { 'skerry-revision': 'assets@4' } });
  t.match(await get('app.33333333c.js'), { status: 200, headers: { 'skerry-revision': 'assets@3' } });
});

t.test('the site says what are assets, and for how long', async (t) => {
  t.equal((await cluster.skerry('sites', 'set', SITE, '--former-path', '/*.html')).code, 0);
  await until('the new setting', async () => (await get('old2.html')).status === 200);
  t.match(await get('app.33333333c.js'), { status: 404 });
  t.equal((await cluster.skerry('sites', 'set', SITE, '--former-hours', '0')).code, 0);
  await until('the end', async () => (await get('old2.html')).status === 404);
  t.match(await cluster.skerry('sites', 'set', SITE, '--former-path', 'assets'), {
    code: 1,
    stderr: /formerAssets\.paths: a path begins with \//,
  });
});
