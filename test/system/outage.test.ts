import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type Node, startCluster } from '../helpers/cluster.ts';
import { differences } from '../helpers/compare.ts';
import { ask, read } from '../helpers/http.ts';
import { writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';

const SITE = 's';
// The first edge has several serving processes, the second has one.
const cluster = await startCluster({
  edges: 2,
  args: (index) => ['--processes', index === 0 ? '2' : '1'],
});
t.teardown(() => cluster.close());
const [one, two] = cluster.edges;
if (one === undefined || two === undefined) throw new Error('a cluster of two edges has two');

/** Every file of a generation differs from that of another. One has chunks. */
const treeOf = (generation: string) =>
  Object.fromEntries([
    ['index.html', generation],
    ['large.bin', Buffer.alloc(1_500_000, `${generation}, in chunks `)],
    ...Array.from({ length: 30 }, (_, i) => [`files/${i}.txt`, `${generation} ${i}`]),
  ]);

async function publish(generation: string, ...args: string[]): Promise<string> {
  const folder = await writeTree(join(cluster.folder, 'site'), treeOf(generation));
  const { code, stderr } = await cluster.skerry('publish', folder, '--site', SITE, ...args);
  if (code !== 0) throw new Error(stderr);
  return folder;
}

t.test(
  'edges serve without their origin, also after their own restart, and catch up by themselves',
  async (t) => {
    const folder = await publish('first', '--wait');
    await cluster.origin.stop('SIGKILL');
    await one.stop();
    await two.stop('SIGKILL');
    await Promise.all([one.start(), two.start()]);
    for (const edge of [one, two]) {
      t.strictSame(await differences(edge.url, SITE, folder), [], `${edge.name} serves all it has`);
      t.equal((await ask(edge.adminUrl, '/healthz')).status, 200);
      t.equal((await ask(edge.adminUrl, '/readyz')).status, 200);
    }

    await cluster.origin.start();
    await publish('next');
    await cluster.converged(SITE);
    for (const edge of [one, two]) t.strictSame(await differences(edge.url, SITE, folder), []);
  },
);

t.test('a serving process that is killed is replaced, and shows what the others show', async (t) => {
  const edge = one;
  const children = () => childrenOf(edge);
  const before = children();
  t.equal(before.length, 2);
  const served = (await requestsOf(edge)) || 0;
  for (let i = 0; i < 10; i++) await read(edge.url, SITE, 'index.html');
  t.ok((await requestsOf(edge)) >= served + 10);
  for (const pid of before) process.kill(pid, 'SIGKILL');
  await until('new serving processes', () => {
    const now = children();
    return now.length === 2 && now.every((pid) => !before.includes(pid));
  });
  await until('an answer', async () => {
    const answer = await read(edge.url, SITE, 'index.html').catch(() => undefined);
    return answer?.status === 200;
  });
  t.ok((await requestsOf(edge)) >= served + 11, 'a counter does not go down with a process');
  await publish('two', '--wait');
  for (let i = 0; i < 40; i++) {
    const { body } = await read(edge.url, SITE, 'index.html', { headers: { connection: 'close' } });
    t.equal(body.toString(), 'two');
  }

  // Frozen, it cannot end with its edge, and keeps the port.
  const [frozen = 0] = children();
  process.kill(frozen, 'SIGSTOP');
  // The output stays open as long as it lives.
  const replicator = edge.running?.pid ?? 0;
  const stopping = edge.stop('SIGKILL');
  await until('the edge to be gone', () => !isAlive(replicator));
  await edge.start();
  await stopping;
  t.equal(isAlive(frozen), false);
  t.equal((await read(edge.url, SITE, 'index.html')).body.toString(), 'two');
});

async function requestsOf(edge: Node): Promise<number> {
  const metrics = (await ask(edge.adminUrl, '/metrics')).body.toString();
  return Number(/^skerry_edge_requests_total\{site="s",status="2xx"\} (\d+)/m.exec(metrics)?.[1]);
}

function childrenOf(edge: Node): number[] {
  return spawnSync('pgrep', ['-P', String(edge.running?.pid)], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter((line) => line !== '')
    .map(Number);
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
