import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startCluster } from '../helpers/cluster.ts';
import { differences } from '../helpers/compare.ts';
import { writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';

const skip = process.getuid?.() === 0 ? false : 'mounting a tmpfs needs root';
const small = { 'index.html': 'fits', 'a.bin': randomBytes(100_000) };
const large = { ...small, 'large.bin': randomBytes(24_000_000), 'more.bin': randomBytes(50_000) };

/** A folder in which one role's data folder is a file system of 20 MB. */
async function folderWithTmpfs(t: Test, role: string) {
  const folder = await mkdtemp(join(tmpdir(), 'skerry-full-'));
  const data = join(folder, role);
  await mkdir(data);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=20m', 'skerry-test', data]);
  const cluster = await startCluster({ edges: 1, folder });
  t.teardown(async () => {
    await cluster.close();
    execFileSync('umount', [data]);
    await rm(folder, { recursive: true, force: true });
  });
  const grow = () => execFileSync('mount', ['-o', 'remount,size=200m', data]);
  return { cluster, grow };
}

t.test('a full disk at the origin refuses the publish and changes nothing', { skip }, async (t) => {
  const { cluster, grow } = await folderWithTmpfs(t, 'origin');
  const [edge] = cluster.edges;
  const folder = await writeTree(join(cluster.folder, 'tree'), small);
  t.equal((await cluster.skerry('publish', folder, '--site', 's', '--wait')).code, 0);

  await writeTree(folder, large);
  const refused = await cluster.skerry('publish', folder, '--site', 's');
  t.match(refused, { code: 1, stderr: /^skerry: [^\n]*disk is full[^\n]*\n$/ });
  t.equal((await cluster.client.site('s')).revision, 1);
  await writeTree(folder, small);
  t.strictSame(await differences(edge?.url ?? '', 's', folder), []);
  const again = await cluster.skerry('publish', folder, '--site', 's');
  t.equal(again.code, 0, `what fits is still taken in: ${again.stderr}`);

  grow();
  await writeTree(folder, large);
  t.equal((await cluster.skerry('publish', folder, '--site', 's', '--wait')).code, 0, 'space mends it');
  t.strictSame(await differences(edge?.url ?? '', 's', folder), []);
});

t.test('a full disk at an edge is reported; the edge serves on and catches up', { skip }, async (t) => {
  const { cluster, grow } = await folderWithTmpfs(t, 'edge-1');
  const [edge] = cluster.edges;
  const folder = await writeTree(join(cluster.folder, 'tree'), small);
  t.equal((await cluster.skerry('publish', folder, '--site', 's', '--wait')).code, 0);

  const next = await writeTree(join(cluster.folder, 'next'), large);
  t.equal((await cluster.skerry('publish', next, '--site', 's')).code, 0);
  await until('the fault to be reported', async () =>
    (await cluster.client.edges()).some(({ sites }) => /full/.test(sites.s?.error ?? '')),
  );
  t.strictSame(await differences(edge?.url ?? '', 's', folder), [], 'the old revision is whole');
  grow();
  await cluster.converged('s');
  t.strictSame(await differences(edge?.url ?? '', 's', next), []);
});
