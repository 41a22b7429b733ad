import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import t from 'tap';
import { startCluster } from '../helpers/cluster.ts';
import { differences } from '../helpers/compare.ts';
import { read } from '../helpers/http.ts';
import { packageFolder } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';

t.test(
  'verify finds what the disk altered, nothing of it is served, and repair fetches it again',
  async (t) => {
    const cluster = await startCluster({ edges: 1, processes: 2 });
    t.teardown(() => cluster.close());
    const [edge] = cluster.edges;
    if (edge === undefined) throw new Error('no edge');
    const folder = packageFolder('bootstrap-a');
    t.equal((await cluster.skerry('publish', folder, '--site', 'b', '--wait')).code, 0);
    const verify = (...args: string[]) =>
      cluster.skerry('verify', '--admin', edge.adminUrl, '--json', ...args);
    t.match(JSON.parse((await verify()).stdout).sites, [{ manifest: 'sound', damaged: 0 }]);

    // What is in memory hides what the disk has.
    t.equal((await read(edge.url, 'b', 'package.json')).status, 200);
    // The edge may store variants meanwhile.
    const small = new DatabaseSync(join(edge.data, 'objects/small.sqlite'), { timeout: 60_000 });
    small.exec("UPDATE object SET bytes = CAST('altered' AS BLOB)");
    small.close();
    const large = join(edge.data, 'objects/large');
    const [file] = (await readdir(large, { recursive: true })).filter((name) => name.length > 60);
    await writeFile(join(large, file ?? ''), 'altered');

    const found = await verify();
    t.equal(found.code, 1);
    const [site] = JSON.parse(found.stdout).sites;
    t.ok(site.paths.includes('package.json'));
    t.ok(site.damaged > 20);
    const mended = await read(edge.url, 'b', 'package.json');
    t.ok(mended.body.equals(await readFile(join(folder, 'package.json'))), 'not served, but fetched anew');
    t.match(mended.headers['cache-status'], /fwd=miss; stored/);

    const repaired = await verify('--repair');
    t.equal(repaired.code, 0, repaired.stderr);
    t.match(JSON.parse(repaired.stdout).sites, [{ repaired: true }]);
    t.strictSame(await differences(edge.url, 'b', folder), []);
    t.match(JSON.parse((await verify()).stdout).sites, [{ manifest: 'sound', damaged: 0 }]);
  },
);

t.test('a manifest that the disk altered is mended leaf by leaf', async (t) => {
  const cluster = await startCluster({ edges: 1 });
  t.teardown(() => cluster.close());
  const [edge] = cluster.edges;
  if (edge === undefined) throw new Error('no edge');
  const folder = packageFolder('bootstrap-a');
  t.equal((await cluster.skerry('publish', folder, '--site', 'b', '--wait')).code, 0);
  const catalog = new DatabaseSync(join(edge.data, 'catalog.sqlite'), { timeout: 60_000 });
  catalog.exec("UPDATE entry SET type = 'text/altered' WHERE path = 'package.json'");
  catalog.exec("DELETE FROM entry WHERE path = 'README.md'");
  catalog.close();
  const verify = (...args: string[]) => cluster.skerry('verify', '--admin', edge.adminUrl, '--json', ...args);
  t.match(JSON.parse((await verify()).stdout).sites, [{ manifest: 'damaged' }]);
  t.match(JSON.parse((await verify('--repair')).stdout).sites, [{ manifest: 'mended' }]);
  t.match(JSON.parse((await verify()).stdout).sites, [{ manifest: 'sound' }]);
  await edge.stop();
  await edge.start();
  t.strictSame(await differences(edge.url, 'b', folder), []);
});

t.test('what is kept for a rollback is verified, too', async (t) => {
  const cluster = await startCluster({ edges: 1 });
  t.teardown(() => cluster.close());
  const [edge] = cluster.edges;
  if (edge === undefined) throw new Error('no edge');
  const older = packageFolder('bootstrap-a');
  for (const name of ['bootstrap-a', 'bootstrap-b'])
    t.equal((await cluster.skerry('publish', packageFolder(name), '--site', 'b', '--wait')).code, 0);
  const large = join(edge.data, 'objects/large');
  for (const file of await readdir(large, { recursive: true }))
    if (file.length > 60) await writeFile(join(large, file), 'altered');
  const repaired = JSON.parse(
    (await cluster.skerry('verify', '--admin', edge.adminUrl, '--json', '--repair')).stdout,
  );
  t.ok(repaired.others.damaged > 10, `${repaired.others.damaged} of the older revision`);
  t.match(repaired.sites, [{ repaired: true }]);
  t.equal((await cluster.skerry('rollback', 'b', '--to', '1')).code, 0);
  await until('the rollback to be visible', async () =>
    (await read(edge.url, 'b', 'package.json')).body.toString().includes('"5.3.2"'),
  );
  t.strictSame(await differences(edge.url, 'b', older), []);
});
