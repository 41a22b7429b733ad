import { mkdir, readFile, symlink } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { cli } from '../../helpers/cli.ts';
import type { Cluster } from '../../helpers/cluster.ts';
import { freePorts } from '../../helpers/free-ports.ts';
import { ask, read, sha256, urlPath } from '../../helpers/http.ts';
import { type Ended, skerry } from '../../helpers/processes.ts';
import { writeTree } from '../../helpers/tree.ts';
import { until } from '../../helpers/until.ts';
import { cluster, edge } from './cluster.ts';

const SITE = 'refusing';
const content = 'published before anything bad came in';

/** One line on stderr that names the fault, a non-zero exit, nothing on stdout. */
function refuses(t: Test, ended: Ended, pattern: RegExp, what: string): void {
  const { code, stdout, stderr } = ended;
  const isRefused = code !== 0 && code !== null && stdout === '' && /^skerry: [^\n]+\n$/.test(stderr);
  t.ok(isRefused && pattern.test(stderr), `${what}: ${stderr.trim()}`);
}

t.test('bad input is refused at the door and changes nothing', async (t) => {
  const folder = await writeTree(join(cluster.folder, SITE), { 'index.html': content });
  t.equal((await cluster.skerry('publish', folder, '--site', SITE, '--wait')).code, 0);
  const before = await headOf(cluster);

  await t.test('paths', async (t) => {
    const bad = ['../up', 'a/../b', '/etc/passwd', 'a\0b', 'a\\b', 'a//b', './a', '', 'n'.repeat(2000)];
    for (const path of bad) {
      const files = { [path]: { digest: sha256(content), size: content.length } };
      const deploy = await post(cluster, `/v1/sites/${SITE}/deploys`, { files });
      t.match(deploy, { status: 400, body: { code: 'bad-path' } }, `deploy of ${JSON.stringify(path)}`);
    }
    for (const path of ['..%2fup', '%2e%2e/up', 'a%00b', 'a%5cb', 'a/../b', '%2fetc', '%ff', 'a%09b']) {
      const put = await call(cluster, 'PUT', `/v1/sites/${SITE}/files/${path}`, content);
      t.match(put, { status: 400, body: { code: 'bad-path' } }, `PUT of ${path}`);
    }
    const line = JSON.stringify({ path: 'a', digest: sha256(content), size: content.length });
    const twice = await call(cluster, 'POST', `/v1/sites/${SITE}/deploys`, `${line}\n${line}\n`, {
      'content-type': 'application/x-ndjson',
    });
    t.match(twice, { status: 400, body: { code: 'duplicate-path' } }, 'a path twice in NDJSON');
    const file = `"a": {"digest": "${sha256(content)}", "size": ${content.length}}`;
    const inJson = await call(cluster, 'POST', `/v1/sites/${SITE}/deploys`, `{"files": {${file}, ${file}}}`, {
      'content-type': 'application/json',
    });
    t.match(inJson, { status: 400, body: { code: 'duplicate-path' } }, 'a path twice in JSON');
  });

  await t.test('folders', async (t) => {
    const outside = await writeTree(join(cluster.folder, 'links'), { 'a.txt': 'a' });
    await symlink('/etc/hostname', join(outside, 'out'));
    refuses(t, await cluster.skerry('publish', outside, '--site', SITE), /out.*leads out/, 'a link out');
    const gone = join(cluster.folder, 'nowhere');
    refuses(t, await cluster.skerry('publish', gone, '--site', SITE), /nowhere/, 'no folder');
    const file = join(folder, 'index.html');
    refuses(t, await cluster.skerry('publish', file, '--site', SITE), /folder/, 'a file as folder');
  });

  await t.test('uploads', async (t) => {
    const deploy = { files: { 'new.txt': { digest: sha256('new'), size: 3 } } };
    const { body } = await post(cluster, `/v1/sites/${SITE}/deploys`, deploy);
    t.strictSame(body.missing, [sha256('new')]);
    const object = `/v1/sites/${SITE}/objects/${sha256('new')}`;
    t.match(await call(cluster, 'PUT', object, 'other'), { status: 400, body: { code: 'digest-mismatch' } });
    const commit = await post(cluster, `/v1/deploys/${body.id}/commit`, {});
    t.match(
      commit,
      { status: 409, body: { code: 'objects-missing' } },
      'what is missing cannot be committed',
    );
    t.match(await truncated(cluster, object), /ECONNRESET|socket hang up/, 'a truncated upload');
    const still = await post(cluster, `/v1/deploys/${body.id}/commit`, {});
    t.match(still, { status: 409, body: { missing: [sha256('new')] } }, 'it has left nothing behind');

    t.match((await call(cluster, 'PUT', object, 'new')).status, /^20[014]$/);
    const wrongSize = { files: { 'new.txt': { digest: sha256('new'), size: 4 } } };
    const sized = await post(cluster, `/v1/sites/${SITE}/deploys`, wrongSize);
    const answer =
      sized.status === 200 ? await post(cluster, `/v1/deploys/${sized.body.id}/commit`, {}) : sized;
    t.match(answer, { status: 400, body: { code: 'size-mismatch' } }, 'a wrong size');

    const moved = await post(cluster, `/v1/sites/${SITE}/deploys`, { ...deploy, expect: 7 });
    const late =
      moved.status === 200 ? await post(cluster, `/v1/deploys/${moved.body.id}/commit`, {}) : moved;
    t.equal(late.status, 412, 'an expected revision that is not live');
    const digest = { files: { a: { digest: 'XYZ', size: 1 } } };
    t.match(await post(cluster, `/v1/sites/${SITE}/deploys`, digest), { status: 400 }, 'no digest');
    t.match(
      await call(cluster, 'POST', `/v1/sites/${SITE}/deploys`, '{"files": {', {
        'content-type': 'application/json',
      }),
      { status: 400 },
      'broken JSON',
    );
  });

  await t.test('unknown sites', async (t) => {
    for (const command of [
      ['revisions', 'none'],
      ['diff', 'none', '1', '2'],
      ['rollback', 'none'],
    ]) {
      refuses(t, await cluster.skerry(...command), /no site none/, command.join(' '));
    }
    refuses(t, await cluster.skerry('diff', SITE, '1', '9'), /no revision 9/, 'an unknown revision');
    refuses(t, await cluster.skerry('rollback', SITE), /./, 'nothing to roll back to');
    t.match(await call(cluster, 'PUT', '/v1/sites/none/files/a', 'a'), { status: 404 });
    t.match(await post(cluster, '/v1/sites/none/deploys', { files: {} }), { status: 404 });
    refuses(t, await cluster.skerry('publish', folder, '--site', 'No_Name'), /No_Name/, 'no name for a site');
  });

  await t.test('unknown flags, commands and configuration keys', async (t) => {
    refuses(t, await cluster.skerry('status', '--colour'), /--colour/, 'a flag');
    refuses(t, await cluster.skerry('statuss'), /statuss/, 'a command');
    refuses(t, await cluster.skerry('publish', folder, '--site', SITE, '--mode', 'soon'), /soon/, 'a choice');
    const cwd = join(cluster.folder, 'config');
    await writeTree(cwd, { 'skerry.yaml': 'origin: http://127.0.0.1:1\ncolour: blue\n' });
    refuses(t, await skerry(['status'], { cwd }), /colour/, 'a key of skerry.yaml');
    await writeTree(cwd, { 'skerry.yaml': 'origin: [\n' });
    refuses(t, await skerry(['status'], { cwd }), /skerry\.yaml/, 'broken YAML');
    const unused = await cli(['status', '--origin', cluster.origin.url, '--token', cluster.token], {
      SKERRY_COLOUR: 'blue',
    });
    t.equal(unused.code, 0, 'an unused environment variable is ignored');
    const empty = await cli(['edge', '--data', join(cwd, 'edge'), '--name', 'a', '--region', 'b'], {
      SKERRY_ORIGIN: '',
      SKERRY_JOIN: '',
    });
    refuses(t, empty, /needs --origin, --join/, 'an empty environment variable is none');
  });

  t.strictSame(await headOf(cluster), before, 'no record was written');
  t.equal((await read(edge.url, SITE, 'index.html')).body.toString(), content);
});

t.test('a request that needs no body may come without one', async (t) => {
  const bare = async (method: string, path: string) => {
    const headers = { authorization: `Bearer ${cluster.token}` };
    const { status, body } = await ask(cluster.origin.url, path, { method, headers });
    return { status, ...JSON.parse(body.toString()) };
  };
  t.match(await bare('PUT', '/v1/sites/bare'), { status: 200, name: 'bare', revision: 0 });
  t.match(await bare('POST', '/v1/sites/bare/rollback'), { status: 409, code: 'nothing-to-roll-back' });
  t.match(await bare('POST', '/v1/prune'), { status: 200, objects: 0 });
});

t.test('who may not join does not', async (t) => {
  const joinAs = async (name: string, token: string) => {
    const [port, admin] = await freePorts(2);
    return cli([
      'edge',
      ...['--data', join(cluster.folder, `late-${name}`), '--origin', cluster.origin.url, '--join', token],
      ...['--name', name, '--region', 'r', '--port', String(port), '--admin-port', String(admin)],
    ]);
  };
  const tokens = await cluster.client.tokens();
  t.match(
    tokens.filter(({ scope }) => scope === 'join'),
    [{ state: 'used' }],
  );
  const bound = (await cluster.client.createToken({ scope: 'join', edge: 'edge-7' })).token;
  refuses(t, await joinAs('edge-8', bound), /token/, 'a name that the token does not bind');
  const open = (await cluster.client.createToken({ scope: 'join' })).token;
  refuses(t, await joinAs('edge-1', open), /already an edge edge-1/, 'a name that is taken');
  const otherFingerprint = open.replace(/[0-9a-f]{32}$/, '0'.repeat(32));
  refuses(t, await joinAs('edge-9', otherFingerprint), /./, 'an origin that the token does not name');
  refuses(t, await joinAs('edge-9', 'nonsense'), /token/, 'nonsense');
  t.equal((await cluster.client.edges()).length, 1, 'nobody has joined');
});

t.test('tokens open what their scope says, while they last', async (t) => {
  const folder = await writeTree(join(cluster.folder, 'mine'), { 'index.html': 'mine' });
  t.equal((await cluster.skerry('publish', folder, '--site', 'other')).code, 0);
  const create = async (...args: string[]) =>
    (await cluster.skerry('token', 'create', ...args)).stdout.trim();
  const as = (token: string, ...args: string[]) =>
    cli(args, { SKERRY_ORIGIN: cluster.origin.url, SKERRY_TOKEN: token });

  const publisher = await create('--scope', 'publish:mine');
  t.equal((await as(publisher, 'publish', folder, '--site', 'mine', '--wait')).code, 0);
  refuses(t, await as(publisher, 'publish', folder, '--site', 'other'), /scope/, 'another site');
  refuses(t, await as(publisher, 'token', 'list'), /scope/, 'tokens');
  refuses(t, await as(publisher, 'log'), /scope/, 'the log');
  const reader = await create('--scope', 'read');
  t.equal((await as(reader, 'log')).code, 0);
  refuses(t, await as(reader, 'publish', folder, '--site', 'mine'), /scope/, 'a reader that publishes');
  refuses(t, await as(reader, 'rollback', 'mine'), /scope/, 'a reader that rolls back');
  refuses(t, await as(await create('--scope', 'join'), 'status'), /a join token/, 'a join token');
  refuses(t, await as('', 'status'), /token/, 'no token');
  refuses(t, await as('nonsense', 'status'), /token/, 'no real token');
  refuses(t, await cluster.skerry('token', 'create', '--scope', 'root'), /scope|root/i, 'no scope');

  const id = /^sk_([0-9a-f]+)\./.exec(reader)?.[1] ?? '';
  t.equal((await cluster.skerry('token', 'revoke', id)).code, 0);
  refuses(t, await as(reader, 'status'), /revoked/, 'a revoked token');
  const short = await cluster.client.createToken({ scope: 'read', expires: 1 });
  const late = await until('the token to expire', async () => {
    const ended = await as(short.token, 'status');
    return ended.code === 0 ? undefined : ended;
  });
  refuses(t, late, /expired/, 'an expired token');

  const secret = publisher.slice(publisher.indexOf('.') + 1);
  for (const file of ['catalog.sqlite', 'catalog.sqlite-wal']) {
    const bytes = await readFile(join(cluster.origin.data, file));
    t.notOk(bytes.includes(secret), `${file} does not hold a token's secret`);
  }
});

t.test('ports and data folders that cannot be used', async (t) => {
  const port = new URL(cluster.origin.url).port;
  const [free] = await freePorts(1);
  const data = join(cluster.folder, 'other');
  refuses(t, await skerry(['origin', '--data', data, '--port', port]), /port .* in use/, 'a port');
  refuses(
    t,
    await cli(['origin', '--data', cluster.origin.data, '--port', String(free)]),
    /data folder/,
    'a data folder',
  );
  const edgePort = new URL(edge.url).port;
  refuses(t, await cli(['edge', '--data', data, '--port', edgePort]), /port .* in use/, "an edge's port");

  const marker = await readFile(join(edge.data, 'skerry-data.json'), 'utf8');
  const marked = (name: string, text: string) =>
    writeTree(join(cluster.folder, name), { 'skerry-data.json': text });
  const newer = await marked('newer', JSON.stringify({ ...JSON.parse(marker), format: 99 }));
  refuses(t, await cli(['edge', '--data', newer, '--port', String(free)]), /newer|format/, 'a newer format');
  const ofEdge = await marked('of-edge', marker);
  refuses(
    t,
    await cli(['origin', '--data', ofEdge, '--port', String(free)]),
    /belongs to a Skerry edge/,
    "an edge's data folder",
  );
  await mkdir(join(cluster.folder, 'full'));
  await writeTree(join(cluster.folder, 'full'), { 'something.txt': 'else' });
  const foreign = await cli(['origin', '--data', join(cluster.folder, 'full'), '--port', String(free)]);
  refuses(t, foreign, /full/, 'a folder that holds something else');
});

async function headOf(cluster: Cluster) {
  return { seq: (await cluster.client.status()).origin.seq, site: await cluster.client.site(SITE) };
}

interface Refusal {
  readonly status: number;
  readonly body: { readonly code?: string; readonly id?: string; readonly missing?: readonly string[] };
}

async function call(
  cluster: Cluster,
  method: string,
  path: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<Refusal> {
  const answer = await ask(cluster.origin.url, path, {
    method,
    body,
    headers: { authorization: `Bearer ${cluster.token}`, ...headers },
  });
  const text = answer.body.toString();
  return { status: answer.status, body: text === '' ? {} : JSON.parse(text) };
}

function post(cluster: Cluster, path: string, body: unknown): Promise<Refusal> {
  return call(cluster, 'POST', path, JSON.stringify(body), { 'content-type': 'application/json' });
}

/** Announces more bytes than it sends, and hangs up. */
function truncated(cluster: Cluster, path: string): Promise<string> {
  const { hostname, port } = new URL(cluster.origin.url);
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${cluster.token}`, 'content-length': '3' };
    const sent = request({ hostname, port, path: urlPath(path.slice(1)), method: 'PUT', headers });
    sent.on('error', (error) => resolve(error.message));
    sent.write('ne', () => setImmediate(() => sent.destroy(new Error('ECONNRESET'))));
  });
}
