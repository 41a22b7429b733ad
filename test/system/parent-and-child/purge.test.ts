import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { cli } from '../../helpers/cli.ts';
import { ask, read } from '../../helpers/http.ts';
import { writeTree } from '../../helpers/tree.ts';
import { until } from '../../helpers/until.ts';
import { cluster, parent } from './cluster.ts';

const SITE = 'purged';
const { edges } = cluster;
const edge = parent;
const status = async (path: string) => (await read(edge.url, SITE, path)).status;

async function publish(files: Record<string, string>): Promise<void> {
  await rm(join(cluster.folder, SITE), { recursive: true, force: true });
  const folder = await writeTree(join(cluster.folder, SITE), files);
  const { code, stderr } = await cluster.skerry('publish', folder, '--site', SITE, '--wait');
  if (code !== 0) throw new Error(stderr);
}

async function purge(...args: string[]): Promise<{ edge: string; matched: number }[]> {
  const { code, stdout, stderr } = await cluster.skerry('purge', SITE, '--wait', '--json', ...args);
  if (code !== 0) throw new Error(stderr);
  return (JSON.parse(stdout) as { receipts: { edge: string; matched: number }[] }).receipts;
}

const rules = '/img/*\n  Cache-Tag: pictures, all\n/js/*\n  Surrogate-Key: scripts all\n';
const old = {
  'js/a.11111111a.js': 'a',
  'js/b.11111111b.js': 'b',
  'img/c.11111111c.png': 'c',
  'img/d.11111111d.png': 'd',
  'e.11111111e.css': 'e',
  'f.11111111f.css': 'f',
};
const current = {
  'index.html': 'new',
  'js/new.js': 'x',
  'img/new.png': 'y',
  'img/newer.png': 'z',
  _headers: rules,
};

t.test('receipts of a publish and of a purge are exported, and checked by themselves', async (t) => {
  await publish(current);
  const recovery = cluster.token.split('.').at(-1) ?? '';
  const names = edges.map(({ name }) => ({ edge: name, state: 'member', covers: 'all' }));
  const file = join(cluster.folder, 'receipts');
  const exported = await cluster.skerry('receipts', SITE, '--export', file);
  t.match(exported, { code: 0, stdout: `verify-receipts ${file} --key ${recovery}` });
  const check = (...args: string[]) => cli(['verify-receipts', file, ...args]);
  const { revision } = await cluster.client.site(SITE);
  const { code, stdout } = await check('--key', recovery, '--json');
  t.equal(code, 0);
  t.match(JSON.parse(stdout), {
    ...{ recoveryKey: recovery, site: SITE, kind: 'activate', revision, confirmed: names, missing: [] },
  });
  t.match(await check(), {
    code: 0,
    stdout: new RegExp(`edge-1 .* all[\\s\\S]*recovery key ${recovery}. Compare it`),
  });
  t.match(await check('--key', '0'.repeat(32)), { code: 1, stderr: /belongs to another origin/ });
  t.match(await check('--key', 'x'), { code: 2 });
  await writeFile(file, (await readFile(file, 'utf8')).replace('edge-2', 'edge-3'));
  t.match(await check(), { code: 1, stderr: /the roster was changed/ });

  const purged = await cluster.skerry('purge', SITE, '--all', '--wait');
  const [, seq = ''] = /^record (\d+)$/m.exec(purged.stdout) ?? [];
  t.match(await cluster.skerry('receipts', SITE, '--purge', seq), { stdout: /edge-1 .* 5\n/ });
  t.match(await cluster.skerry('receipts', SITE, '--purge', seq, '--export', file, '--json'), {
    stdout: `"recoveryKey":"${recovery}","confirmed":2,"missing":0`,
  });
  t.match(await check('--key', recovery), { code: 0, stdout: /a purge[\s\S]*edge-1 .* 5\n/ });
  t.match(await cluster.skerry('receipts', `${SITE}@1`, '--purge', seq), {
    code: 1,
    stderr: /without a revision/,
  });
  t.match(await cluster.skerry('receipts', `${SITE}@99`, '--export', file), {
    code: 1,
    stderr: /no revision 99/,
  });
  t.match(await cli(['verify-receipts', join(cluster.folder, 'none')]), { code: 1, stderr: /cannot read/ });
});

t.test('a purge ends what older revisions answer, on every edge, and tells what it matched', async (t) => {
  await publish(old);
  await publish(current);
  for (const path of Object.keys(old)) t.equal(await status(path), 200, path);
  const both = (matched: number) => edges.map(({ name }) => ({ edge: name, matched }));
  t.match(await purge('js/a.11111111a.js'), both(0));
  t.equal(await status('js/a.11111111a.js'), 404);
  t.equal(await status('js/b.11111111b.js'), 200);
  t.match(await purge('/js/*'), both(1));
  t.equal(await status('js/b.11111111b.js'), 404);
  t.match(await purge('--tag', 'pictures'), both(2));
  t.equal(await status('img/c.11111111c.png'), 404);
  t.equal(await status('e.11111111e.css'), 200);
  t.match(await purge('--all'), both(5));
  for (const path of Object.keys(old)) t.equal(await status(path), 404, path);
  for (const path of ['index.html', 'js/new.js', 'img/new.png']) t.equal(await status(path), 200, path);
});

t.test('it holds for what was before it alone, and after a restart', async (t) => {
  await publish({ ...current, 'later.22222222b.js': 'l' });
  await publish(current);
  await edge.stop('SIGKILL');
  await edge.start();
  await until('the edge', async () => (await status('later.22222222b.js')) === 200);
  t.equal(await status('e.11111111e.css'), 404);
});

t.test('what is deleted by name is gone at once', async (t) => {
  await publish({ ...current, 'g.33333333c.js': 'g' });
  const { status: deleted } = await ask(cluster.origin.url, `/v1/sites/${SITE}/files/g.33333333c.js`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${cluster.token}` },
  });
  t.equal(deleted, 200);
  await until('the end of it', async () => (await status('g.33333333c.js')) === 404);
});

t.test('what cannot be purged is refused', async (t) => {
  const table: [args: string[], stderr: RegExp][] = [
    [[], /a purge names either the whole site, or paths and tags/],
    [['a', '--all'], /a purge names either the whole site, or paths and tags/],
    [['/*/*'], /more than one \*/],
    [['--tag', 'a b'], /"a b" is not a tag/],
    [['../a'], /a path|\.\./],
  ];
  for (const [args, stderr] of table)
    t.match(await cluster.skerry('purge', SITE, ...args), { code: 1, stderr }, args.join(' '));
  t.match(await cluster.skerry('purge', 'nowhere', '--all'), { code: 1, stderr: /nowhere/ });
});
