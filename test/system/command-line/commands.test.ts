import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, request as requestOf } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import t from 'tap';
import { startOrigin } from '../../../origin/main.ts';
import { SkerryError } from '../../../shared/errors.ts';
import { PROBLEM_TYPE, toProblem } from '../../../shared/wire/problem.ts';
import { cli } from '../../helpers/cli.ts';
import { freePorts } from '../../helpers/free-ports.ts';
import { loneOrigin } from '../../helpers/lone-origin.ts';

const origin = await loneOrigin(t);

const skerry = (...args: string[]) => cli(args);
const asAdmin = (...args: string[]) => skerry(...args, '--origin', origin.url, '--token', origin.token);

t.test('help', async (t) => {
  const alone = await skerry();
  t.equal(alone.code, 2);
  t.match(alone.stderr, /^Usage: skerry \[options\] \[command\]\n[\s\S]*publish/);
  t.notMatch(alone.stderr, 'outputHelp');
  const group = await skerry('token');
  t.equal(group.code, 2);
  t.match(group.stderr, /^Usage: skerry token /);
  const nested = await skerry('help', 'token', 'create');
  t.equal(nested.code, 0);
  t.match(nested.stdout, /^Usage: skerry token create /);
  t.match((await skerry('help')).stdout, /^Usage: skerry \[/);
  t.match((await skerry('help', 'publish')).stdout, /--allow-shrink/);
  const unknown = await skerry('help', 'token', 'nope');
  t.equal(unknown.code, 2);
  t.match(unknown.stderr, /^skerry: unknown command 'token nope'/);
  t.match((await skerry('nope')).stderr, /^skerry: unknown command 'nope'/);
});

t.test('a folder that is not there', async (t) => {
  for (const command of [
    ['dev', 'nope'],
    ['watch', 'nope', '--site', 'x'],
    ['publish', 'nope', '--site', 'x'],
  ]) {
    const args = command[0] === 'dev' ? [] : ['--origin', origin.url, '--token', origin.token];
    const { code, stdout, stderr } = await skerry(...command, ...args);
    t.strictSame([code, stdout], [1, ''], command.join(' '));
    t.equal(stderr, 'skerry: nope does not exist. Name an existing folder.\n');
  }
  await t.rejects(origin.client.site('x'), { code: 'no-such-site' });
});

t.test('an address where no origin is', async (t) => {
  const server = createServer((_request, response) => response.writeHead(404).end('<h1>Not found</h1>'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { code, stderr } = await skerry('status', '--origin', url, '--token', 'sk_x');
  t.equal(code, 1);
  t.match(stderr, `skerry: ${url} answers 404, so it is not an origin. Name the address of the origin`);
});

t.test('a wrong token', async (t) => {
  const { code, stderr } = await skerry('status', '--origin', origin.url, '--token', 'sk_x');
  t.equal(code, 1);
  t.match(stderr, /SKERRY_TOKEN/);
});

t.test('what a token may read', async (t) => {
  for (const site of ['mine', 'yours']) await origin.client.putSite(site);
  const tokenOf = async (scope: string) => (await asAdmin('token', 'create', '--scope', scope)).stdout.trim();
  const sites = async (token: string) =>
    JSON.parse((await skerry('sites', '--json', '--origin', origin.url, '--token', token)).stdout).sites.map(
      ({ name }: { name: string }) => name,
    );
  for (const scope of ['publish:mine', 'publish:mine,domains:mine.example']) {
    const token = await tokenOf(scope);
    t.strictSame(await sites(token), ['mine'], scope);
    const other = await skerry('revisions', 'yours', '--origin', origin.url, '--token', token);
    t.match(other.stderr, /it needs read, read:yours or publish:yours\./);
    const log = await skerry('log', '--origin', origin.url, '--token', token);
    t.match(log.stderr, /it needs read\./);
    const status = await skerry('status', '--origin', origin.url, '--token', token);
    t.match(status.stdout, /mine/);
    t.notMatch(status.stdout, /yours/);
    const metrics = await fetch(`${origin.url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
    t.equal(metrics.status, 403);
  }
  t.strictSame(await sites(await tokenOf('read')), ['mine', 'yours']);
});

t.test('a publish that is refused for now says so, and goes on', async (t) => {
  const { url, token } = origin;
  const refusal = toProblem(new SkerryError('too-many-requests', 'too much of this site waits already'));
  let isBusy = true;
  const busyOrigin = createServer((request, response) => {
    if (isBusy && request.url?.endsWith('/deploys')) {
      isBusy = false;
      request.resume();
      response.writeHead(refusal.status, { 'content-type': PROBLEM_TYPE }).end(JSON.stringify(refusal));
      return;
    }
    const { method = 'GET', headers } = request;
    const onward = requestOf(url + request.url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => busyOrigin.listen(0, '127.0.0.1', resolve));
  t.teardown(() => busyOrigin.close());
  const at = `http://127.0.0.1:${(busyOrigin.address() as AddressInfo).port}`;
  const folder = t.testdir({ 'index.html': 'hello' });
  const published = await skerry('publish', folder, '--site', 'busy', '--origin', at, '--token', token);
  t.equal(published.code, 0, published.stderr);
  t.match(
    published.stderr,
    /^skerry: too much of this site waits already\. The publish continues in .* s\.\n$/,
  );
  t.equal((await origin.client.site('busy')).revision, 1);
});

t.test('a folder that lost its files is not published', async (t) => {
  const folder = t.testdir(Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`f${i}`, `${i}`])));
  const publish = (...flags: string[]) => asAdmin('publish', folder, '--site', 'shrinking', ...flags);
  t.equal((await publish()).code, 0);
  for (let i = 1; i < 10; i++) await rm(join(folder, `f${i}`));
  const refused = await publish();
  t.equal(refused.code, 1);
  t.match(
    refused.stderr,
    /^skerry: the folder has one file to publish, and shrinking has 10\. .*--allow-shrink/,
  );
  t.equal((await publish('--allow-shrink')).code, 0);
  await rm(join(folder, 'f0'));
  t.match((await publish()).stderr, /no file to publish, and shrinking has 1\. /);
  t.equal((await origin.client.site('shrinking')).files, 1);
  t.equal((await publish('--allow-shrink')).code, 0);
  t.equal((await origin.client.site('shrinking')).files, 0);
});

t.test('what is left out is counted, and --include publishes it', async (t) => {
  const folder = t.testdir({ 'index.html': 'x', '.env': 'x', 'a~': 'x', node_modules: { 'x.js': 'x' } });
  const publish = (...flags: string[]) => asAdmin('publish', folder, '--site', 'leaving', ...flags);
  t.match(
    (await publish()).stdout,
    /\(1 file, 1 object sent, 1 B; left out: 3, see --include\)\n {2}http:\/\/leaving\.localhost:7500\//,
  );
  t.match(
    (await publish('--include', '.env', '--include', 'node_modules')).stdout,
    /\(3 files, .*left out: 1,/,
  );
  t.match(JSON.parse((await publish('--json')).stdout), { revision: 3, leftOut: 3 });
});

t.test('a refused first publish leaves no site', async (t) => {
  const { token } = await origin.client.createToken({ scope: 'publish:first' });
  const folder = t.testdir({ 'index.html': 'x', _headers: '/*\n  Basic-Auth: me:secret\n' });
  const publish = (...flags: string[]) =>
    skerry('publish', folder, '--site', 'first', '--origin', origin.url, '--token', token, ...flags);
  const { code, stderr } = await publish();
  t.equal(code, 1);
  t.match(stderr, /_headers, line 2: Basic-Auth protects nothing here/);
  await t.rejects(origin.client.site('first'), { code: 'no-such-site' });
  await rm(join(folder, '_headers'));
  await rm(join(folder, 'index.html'));
  t.equal((await publish()).code, 1);
  await t.rejects(origin.client.site('first'), { code: 'no-such-site' });
  await writeFile(join(folder, 'index.html'), 'x');
  t.equal((await publish()).code, 0);
  await writeFile(join(folder, '_headers'), 'x');
  t.equal((await publish()).code, 1);
  t.equal((await origin.client.site('first')).revision, 1, 'one that has a revision stays');
});

t.test('a site is deleted, by an admin', async (t) => {
  const { token } = await origin.client.createToken({ scope: 'publish:going' });
  const folder = t.testdir({ 'index.html': 'x' });
  t.equal((await asAdmin('publish', folder, '--site', 'going')).code, 0);
  const refused = await skerry('sites', 'delete', 'going', '--origin', origin.url, '--token', token);
  t.match(refused.stderr, /it needs admin\./);
  const unpublished = await fetch(`${origin.url}/v1/sites/going?unpublished=true`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${token}` },
  });
  t.match(await unpublished.json(), { code: 'site-published' });
  const { code, stdout } = await asAdmin('sites', 'delete', 'going');
  t.equal(code, 0);
  t.match(stdout, /^site going is deleted/);
  await t.rejects(origin.client.site('going'), { code: 'no-such-site' });
});

t.test('prune says what stays for now', async (t) => {
  await asAdmin('publish', t.testdir({ 'pruned.txt': 'pruned' }), '--site', 'pruned');
  await asAdmin('sites', 'delete', 'pruned');
  const { stdout } = await asAdmin('prune');
  t.match(stdout, /^SITE +REVISIONS +ROWS +UNNEEDED OBJECTS +SIZE\n[\s\S]*pruned \(deleted\)/);
  t.match(
    stdout,
    /^0 objects \(0 B\) and 0 records of the log were removed\nObjects that were .* last hour stay/m,
  );
});

t.test('the first start of an origin', async (t) => {
  const base = await mkdtemp(join(tmpdir(), 'skerry-'));
  t.teardown(() => rm(base, { recursive: true, force: true }));
  const data = join(base, 'origin');
  const [port = 0] = await freePorts(1);
  const stderr = t.capture(process.stderr, 'write', () => true);
  const start = () => startOrigin({ data, host: '0.0.0.0', port }, pino({ level: 'silent' }));
  const first = await start();
  t.equal(first.url, `https://0.0.0.0:${port}`, 'says that it listens everywhere');
  await first.close();
  const said = stderr.args().join();
  const file = join(data, 'recovery-key');
  t.match(said, `The recovery key is in ${file}. Move it away from this machine`);
  const key = (await readFile(file, 'utf8')).trim();
  t.match(key, /^[\w-]{43}$/);
  t.notMatch(said, key, 'and not in a journal');
  t.equal((await stat(file)).mode & 0o777, 0o600);
  await rm(file);
  await (await start()).close();
  await t.rejects(stat(file), { code: 'ENOENT' }, 'a later start does not need it');
  stderr.restore();
});
