import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { cli } from '../../helpers/cli.ts';
import { ask, read } from '../../helpers/http.ts';
import { writeTree } from '../../helpers/tree.ts';
import { until } from '../../helpers/until.ts';
import { cluster, edge } from './cluster.ts';

const SITE = 'members';
const folder = await writeTree(join(cluster.folder, SITE), {
  'index.html': 'open',
  'members/a.txt': 'for members',
  'members/b.txt': 'for members, too',
});
const published = await cluster.skerry('publish', folder, '--site', SITE, '--wait');
if (published.code !== 0) throw new Error(published.stderr);
const keyFile = join(cluster.folder, 'access.pem');

async function run(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await cli(args);
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
}

const sign = (path: string, ...args: string[]) =>
  run('sign', `http://members.localhost${path}`, '--key', keyFile, ...args).then((url) =>
    url.replace('http://members.localhost', ''),
  );
const status = async (path: string, headers: Record<string, string> = {}) =>
  (await ask(edge.url, path, { headers: { host: 'members.localhost', ...headers } })).status;

t.test('what is private needs a token, from the next moment on', async (t) => {
  const publicKey = await run('sign', '--new-key', keyFile);
  t.equal((await stat(keyFile)).mode & 0o777, 0o600);
  // It may have been in memory, for everyone.
  t.equal(await status('/members/a.txt'), 200);
  const set = await cluster.skerry(
    'sites',
    'set',
    SITE,
    '--signing-key',
    publicKey,
    '--private-path',
    '/members/*',
  );
  t.equal(set.code, 0, set.stderr);
  await until('the settings', async () => (await status('/members/a.txt')) === 403);
  t.equal(await status('/'), 200);
  t.equal(await status('/members/../members/%61.txt'), 403);
  t.equal(await status('/members/nothing'), 403);
  const url = await sign('/members/a.txt');
  const answer = await ask(edge.url, url, { headers: { host: 'members.localhost' } });
  t.match(answer, { status: 200, headers: { 'cache-control': /^private/ } });
  t.equal(answer.body.toString(), 'for members');
  t.equal(await status(url.replace('a.txt', 'b.txt')), 403);
  const all = await sign('/members/a.txt', '--prefix', '/members/', '--client', '127.0.0.1');
  t.equal(await status(all.replace('a.txt', 'b.txt')), 200);
  const token = new URL(all, 'http://a').searchParams.get('skerry-token');
  t.equal(await status('/members/b.txt', { cookie: `a=b; skerry-token=${token}` }), 200);
  t.equal(await status(await sign('/members/a.txt', '--client', '10.0.0.1')), 403);
  const folderUrl = await sign('/members/');
  t.equal(await status(folderUrl.replace('/members/', '/members/a.txt')), 403, 'a folder is its page');
});

t.test('keys are replaced without a gap', async (t) => {
  const url = await sign('/members/a.txt');
  const [before] = (await cluster.client.site(SITE)).policy.private?.keys ?? [];
  const nextFile = join(cluster.folder, 'next.pem');
  const next = await run('sign', '--new-key', nextFile);
  await cluster.skerry('sites', 'set', SITE, '--signing-key', String(before), '--signing-key', next);
  const nextUrl = (await run('sign', 'http://members.localhost/members/a.txt', '--key', nextFile)).replace(
    'http://members.localhost',
    '',
  );
  await until('the second key', async () => (await status(nextUrl)) === 200);
  t.equal(await status(url), 200);
  await cluster.skerry('sites', 'set', SITE, '--signing-key', next);
  await until('the end of the first key', async () => (await status(url)) === 403);
  t.equal(await status(nextUrl), 200);
});

t.test('private keys go nowhere', async (t) => {
  const log = JSON.stringify(
    (
      await ask(cluster.origin.url, '/v1/log', { headers: { authorization: `Bearer ${cluster.token}` } })
    ).body.toString(),
  );
  const seed = (await readFile(keyFile, 'utf8')).split('\n')[1] ?? '';
  t.notMatch(log, seed);
  const refused = await cluster.skerry('sites', 'set', SITE, '--signing-key', seed);
  t.equal(refused.code, 1);
  t.notMatch(refused.stderr, seed);
  t.match(await cli(['sign', '--new-key', keyFile]), { code: 1, stderr: /cannot write the key .*EEXIST/ });
  t.match(await cli(['sign', 'http://a/', '--key', '/nonexistent']), { code: 1, stderr: /ENOENT/ });
  t.match(await cli(['sign', 'nonsense', '--key', keyFile]), { code: 1, stderr: /nonsense is not a URL/ });
  t.match(await cli(['sign', 'http://a/', '--key', keyFile, '--prefix', 'a']), {
    code: 1,
    stderr: /slash/,
  });
  t.match(await cli(['sign', 'http://a/', '--key', keyFile, '--client', 'x']), {
    code: 1,
    stderr: /IP address/,
  });
});

t.test('and it can be made public again', async (t) => {
  t.equal((await cluster.skerry('sites', 'set', SITE, '--public')).code, 0);
  await until('the settings', async () => (await read(edge.url, SITE, 'members/a.txt')).status === 200);
});
