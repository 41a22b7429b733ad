import { join } from 'node:path';
import t from 'tap';
import { type Cluster, startCluster } from '../helpers/cluster.ts';
import { differences } from '../helpers/compare.ts';
import { ask } from '../helpers/http.ts';
import { packageFolder, writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';

interface EdgeStatus {
  readonly parent: string | null;
  readonly upstream: string;
  readonly faults: readonly { readonly code: string }[];
}

const statusOf = async (adminUrl: string): Promise<EdgeStatus> =>
  JSON.parse((await ask(adminUrl, '/status')).body.toString());

/** As the origin knows it. */
async function parentSeen(cluster: Cluster, edge: string): Promise<string | null | undefined> {
  return (await cluster.client.edges()).find(({ name }) => name === edge)?.parent;
}

t.test('edges follow an edge, fail over to another parent and back', async (t) => {
  // edge-1 and edge-2 are parents; edge-3 prefers edge-1, edge-4 follows edge-3.
  const cluster = await startCluster({
    edges: 4,
    args: (i, feeds) => {
      const feed = ['--feed-port', new URL(feeds[i] ?? '').port];
      if (i < 2) return feed;
      if (i === 2) return [...feed, '--parent', `${feeds[0]},${feeds[1]}`];
      return ['--parent', feeds[2] ?? ''];
    },
  });
  t.teardown(() => cluster.close());
  const [one, , three, four] = cluster.edges;
  if (one === undefined || three === undefined || four === undefined) throw new Error('no edges');
  // A parent that has not heard yet of who has just joined refuses it: the next is followed for a while.
  await until(
    'edge-3 to follow edge-1',
    async () => (await parentSeen(cluster, 'edge-3')) === 'edge-1',
    40_000,
  );
  await until('all to be online', async () => (await cluster.client.edges()).every(({ online }) => online));
  const folder = packageFolder('bootstrap-a');
  t.equal((await cluster.skerry('publish', folder, '--site', 'b', '--wait')).code, 0);
  t.strictSame(await differences(four.url, 'b', folder), []);
  t.equal((await statusOf(four.adminUrl)).parent, 'edge-3');

  const status = JSON.parse((await cluster.skerry('status', '--json')).stdout);
  const parents = status.edges.map(({ name, parent }: { name: string; parent: string }) => [name, parent]);
  t.strictSame(parents, [
    ['edge-1', null],
    ['edge-2', null],
    ['edge-3', 'edge-1'],
    ['edge-4', 'edge-3'],
  ]);
  const revision = await ask(cluster.origin.url, '/v1/sites/b/revisions/1', {
    headers: { authorization: `Bearer ${cluster.token}` },
  });
  const { receipts }: { receipts: { edge: string }[] } = JSON.parse(revision.body.toString());
  t.strictSame(receipts.map(({ edge }) => edge).sort(), ['edge-1', 'edge-2', 'edge-3', 'edge-4']);

  await one.stop('SIGKILL');
  const next = packageFolder('bootstrap-b');
  t.equal((await cluster.skerry('publish', next, '--site', 'b')).code, 0);
  await cluster.converged('b');
  t.strictSame(await differences(four.url, 'b', next), []);
  t.equal((await statusOf(three.adminUrl)).parent, 'edge-2', 'failed over');

  await one.start();
  await until(
    'edge-3 to go back to edge-1',
    async () => (await statusOf(three.adminUrl)).parent === 'edge-1',
    40_000,
  );
});

t.test('a loop and a child that wants more than its parent holds are refused', async (t) => {
  const cluster = await startCluster({
    edges: 3,
    args: (i, feeds, origin) => [
      ...['--feed-port', new URL(feeds[i] ?? '').port],
      ...(i === 0 ? ['--sites', 'a'] : []),
      ...(i === 1 ? ['--parent', `${feeds[0]},${origin},${feeds[2]}`] : []),
      ...(i === 2 ? ['--parent', feeds[1] ?? ''] : []),
    ],
  });
  t.teardown(() => cluster.close());
  const [one, two, three] = cluster.edges;
  if (one === undefined || two === undefined || three === undefined) throw new Error('no edges');
  const folder = await writeTree(join(cluster.folder, 'site'), { 'index.html': 'one' });
  t.equal((await cluster.skerry('publish', folder, '--site', 'a')).code, 0);
  await until('edge-3 to show it', async () => (await ask(three.url, '/')).status === 200);
  t.equal((await statusOf(two.adminUrl)).parent, null, 'edge-2 went on to the origin');
  await cluster.origin.stop();
  await until('both refusals', async () => {
    const codes = (await statusOf(two.adminUrl)).faults.map(({ code }) => code);
    return codes.includes('beyond-parent') && codes.includes('parent-loop');
  });
  t.pass();
});
