import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { ask } from '../../helpers/http.ts';
import { writeTree } from '../../helpers/tree.ts';
import { until } from '../../helpers/until.ts';
import { cluster, limited as edge } from './cluster.ts';

/** An edge whose admin port others may reach, and an origin that says what was done there. */
const SITE = 'shop';
const folder = await writeTree(join(cluster.folder, SITE), { 'index.html': 'home', 'a.css': 'a {}' });
const tokenFile = join(edge.data, 'edge-admin-token');
const edgeToken = (await readFile(tokenFile, 'utf8')).trim();

t.test('the admin port beyond loopback asks for the token of the edge', async (t) => {
  t.equal((await stat(tokenFile)).mode & 0o777, 0o600);
  t.match(edge.running?.output().stdout, `admin on http://0.0.0.0:`);
  t.match(edge.running?.output().stdout, `with the token in ${tokenFile}`);
  const status = async (path: string, headers = {}) => (await ask(edge.adminUrl, path, { headers })).status;
  t.equal(await status('/healthz'), 200);
  t.equal(await status('/metrics'), 401);
  t.equal(await status('/metrics', { authorization: `Bearer ${edgeToken}` }), 200);
  const refused = await cluster.skerry('verify', '--admin', edge.adminUrl);
  t.match(refused, { code: 1, stderr: /edge-admin-token/ });
  for (const given of [
    ['--admin-token', `@${tokenFile}`],
    ['--data', edge.data],
  ])
    t.match(await cluster.skerry('verify', '--admin', edge.adminUrl, ...given), { code: 0 }, given.join(' '));
});

t.test('what the system gives and has left is in the metrics', async (t) => {
  const authorization = `Bearer ${edgeToken}`;
  const ofEdge = (await ask(edge.adminUrl, '/metrics', { headers: { authorization } })).body.toString();
  const ofOrigin = (await ask(cluster.origin.url, '/metrics')).body.toString();
  for (const metrics of [ofEdge, ofOrigin])
    for (const name of [
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
      'process_open_fds',
      'process_max_fds',
      'skerry_data_free_bytes',
      'skerry_data_total_bytes',
    ])
      t.match(metrics, new RegExp(`^${name} [1-9]|^${name} 0\\.\\d`, 'm'), name);
  for (const name of ['open_fds', 'max_fds', 'resident_memory_bytes'])
    t.match(ofEdge, new RegExp(`^skerry_edge_serving_${name}\\{process="1"\\} [1-9]`, 'm'), name);
  t.match(ofEdge, /^skerry_edge_upstream_contact_seconds \d/m);
  const [, expiry] =
    /^skerry_edge_certificate_expiry_timestamp_seconds\{file="a.crt"\} (\d+)/m.exec(ofEdge) ?? [];
  const days = (Number(expiry) - Date.now() / 1000) / 86_400;
  t.ok(days > 6 && days <= 7, `${days} days`);
  const named = await until('the status to name the certificate', async () => {
    const { stdout } = await cluster.skerry('status');
    return stdout.includes('certificate') && stdout;
  });
  t.match(named, new RegExp(`^${edge.name}: the certificate in a.crt expires on .*Renew it\\.$`, 'm'));
  t.match(ofOrigin, /^skerry_edge_last_seen_timestamp_seconds\{edge="edge-2",region="r1"\} \d+/m);
});

t.test('the origin says who did what', async (t) => {
  const done = async (...args: string[]) => {
    const { code, stdout, stderr } = await cluster.skerry(...args);
    t.equal(code, 0, `${args.join(' ')}: ${stderr}`);
    return stdout.trim();
  };
  const publisher = await done('token', 'create', '--scope', `publish:${SITE}`);
  const publisherId = publisher.slice(3, 15);
  await done('publish', folder, '--site', SITE, '--message', 'first', '--token', publisher);
  await writeTree(folder, { 'a.css': 'b {}' });
  await done('publish', folder, '--site', SITE);
  await done('rollback', SITE);
  await done('purge', SITE, '/a.css');
  await done('sites', 'set', SITE, '--domain', 'www.example');
  await done('pin', `${SITE}@1`);
  const authorization = `Bearer ${cluster.token}`;
  const file = `/v1/sites/${SITE}/files/x.txt`;
  await ask(cluster.origin.url, file, { method: 'PUT', body: 'x', headers: { authorization } });
  await ask(cluster.origin.url, file, { method: 'DELETE', headers: { authorization } });
  await done('edge', 'pause', edge.name);
  await done('edge', 'revoke', edge.name);
  await done('token', 'revoke', publisherId);
  await done('prune');
  await done('sites', 'delete', SITE);
  t.match(await cluster.skerry('rollback', SITE), { code: 1 }, 'what was refused was not done');

  const output = cluster.origin.running?.output().stderr ?? '';
  const lines = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
    .filter(({ act, site = SITE }) => act !== undefined && site === SITE);
  const adminId = cluster.token.slice(3, 15);
  const admin = { id: adminId, scope: 'admin', address: '127.0.0.1' };
  const of = (act: string) => lines.filter((line) => line.act === act);
  const joined = of('edge-join').filter((line) => line.edge === edge.name);
  t.match(joined, [{ edge: edge.name, region: 'r1', joinToken: /^[0-9a-f]{12}$/, level: 30 }]);
  const tokens = [joined[0]?.joinToken, publisherId];
  const made = of('token-create').filter(({ created }) => tokens.includes(created));
  t.match(made, [
    { by: admin, created: joined[0]?.joinToken, scope: 'join' },
    { by: admin, created: publisherId, scope: `publish:${SITE}` },
  ]);
  t.match(of('publish'), [
    { by: { id: publisherId, scope: `publish:${SITE}` }, site: SITE, revision: 1, message: 'first' },
    { by: admin, site: SITE, revision: 2, outcome: 'live' },
  ]);
  t.match(of('rollback'), [{ by: admin, site: SITE, revision: 3 }]);
  t.match(of('purge'), [{ by: admin, site: SITE, paths: ['/a.css'] }]);
  t.match(of('site-set').at(-1), { by: admin, site: SITE, domains: ['www.example'] });
  t.match(of('pin'), [{ by: admin, site: SITE, revision: 1 }]);
  t.match(of('file-put'), [{ by: admin, site: SITE, path: 'x.txt' }]);
  t.match(of('file-delete'), [{ by: admin, site: SITE, path: 'x.txt' }]);
  t.match(of('edge-pause'), [{ by: admin, edge: edge.name }]);
  t.match(of('edge-revoke'), [{ by: admin, edge: edge.name }]);
  t.match(of('token-revoke'), [{ by: admin, revoked: publisherId }]);
  t.match(of('prune'), [{ by: admin }]);
  t.match(of('site-delete'), [{ by: admin, site: SITE }]);
  t.equal(of('rollback').length, 1);
  for (const secret of [cluster.token, publisher]) t.notMatch(output, secret.slice(16));
});
