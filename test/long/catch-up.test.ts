import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type tap from 'tap';
import { t } from 'tap';
import type { Cluster } from '../helpers/cluster.ts';
import { differences } from '../helpers/compare.ts';
import { ask } from '../helpers/http.ts';
import { random } from '../helpers/random.ts';
import { startShapedCluster } from '../helpers/shaped-cluster.ts';

const FILES = 500;
const FILE_BYTES = 2000;
const TOUCHED = 5;

/** Words, as text has them, other ones for each seed. */
function textOf(seed: number, bytes: number): string {
  const { below } = random(seed);
  let text = '';
  while (text.length < bytes) text += `${below(5000).toString(36)} `;
  return text.slice(0, bytes);
}

async function start(t: Pick<typeof tap, 'teardown' | 'equal'>) {
  const { cluster, edge, link: proxy, close } = await startShapedCluster();
  t.teardown(close);
  const folder = join(cluster.folder, 'site');
  await mkdir(folder);
  for (let i = 0; i < FILES; i++) await writeFile(join(folder, `file-${i}.txt`), textOf(i, FILE_BYTES));
  const published = await cluster.skerry('publish', folder, '--site', 's', '--wait');
  t.equal(published.code, 0, published.stderr);
  return { cluster, edge, proxy, folder };
}

/** A revision each. */
async function change(cluster: Cluster, folder: string, revisions: number): Promise<void> {
  for (let i = 0; i < revisions; i++) {
    const name = `file-${i % TOUCHED}.txt`;
    const body = textOf(FILES + i, FILE_BYTES);
    await writeFile(join(folder, name), body);
    const headers = { authorization: `Bearer ${cluster.token}` };
    const { status } = await ask(cluster.origin.url, `/v1/sites/s/files/${name}`, {
      method: 'PUT',
      headers,
      body,
    });
    if (status !== 200) throw new Error(`PUT ${name}: ${status}`);
  }
}

t.test('an edge that is 500 revisions behind takes what really differs, and the log', async (t) => {
  const { cluster, edge, proxy, folder } = await start(t);
  await edge.stop();
  await change(cluster, folder, 500);
  const before = proxy.bytes;
  await edge.start();
  await cluster.converged('s');
  const bytes = proxy.bytes - before;
  t.strictSame(await differences(edge.url, 's', folder), []);
  t.comment(`${bytes} bytes for 500 revisions of ${TOUCHED} files`);
  // Two records of a revision take some 400 bytes: hashes and signatures do not shrink.
  t.ok(bytes < 500 * 600 + TOUCHED * FILE_BYTES + 30_000, `${bytes} bytes`);
});

t.test('an edge that is behind the pruned log compares, and does not start over', async (t) => {
  const { cluster, edge, proxy, folder } = await start(t);
  await edge.stop();
  await change(cluster, folder, 40);
  const kept = await cluster.skerry('sites', 'set', 's', '--keep-revisions', '1', '--keep-days', '0');
  t.equal(kept.code, 0, kept.stderr);
  const pruned = await cluster.skerry('prune', '--log');
  t.equal(pruned.code, 0, pruned.stderr);
  const before = proxy.bytes;
  await edge.start();
  await cluster.converged('s');
  const bytes = proxy.bytes - before;
  t.strictSame(await differences(edge.url, 's', folder), []);
  t.comment(`${bytes} bytes from behind the pruned log`);
  t.ok(bytes < TOUCHED * FILE_BYTES + 50_000, `${bytes} bytes of ${FILES * FILE_BYTES}`);
  const status = JSON.parse((await ask(edge.adminUrl, '/status')).body.toString());
  t.strictSame(status.faults, [], 'and nothing of it is a fault');
});
