import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type Node, startCluster } from '../helpers/cluster.ts';
import { differences } from '../helpers/compare.ts';
import { ask, read } from '../helpers/http.ts';
import { packageFolder, writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';

t.test(
  'edges serve without their origin, also after their own restart, and catch up by themselves',
  async (t) => {
    const cluster = await startCluster({ edges: 2, processes: 2 });
    t.teardown(() => cluster.close());
    const [one, two] = cluster.edges;
    if (one === undefined || two === undefined) throw new Error('no edges');
    const folder = packageFolder('bootstrap-a');
    t.equal((await cluster.skerry('publish', folder, '--site', 'b', '--wait')).code, 0);

    await cluster.origin.stop('SIGKILL');
    await one.stop();
    await one.start();
    await two.stop('SIGKILL');
    await two.start();
    for (const edge of [one, two]) {
      t.strictSame(await differences(edge.url, 'b', folder), [], `${edge.name} serves all it has`);
      t.equal((await ask(edge.adminUrl, '/healthz')).status, 200);
      t.equal((await ask(edge.adminUrl, '/readyz')).status, 200);
    }

    await cluster.origin.start();
    const next = packageFolder('bootstrap-b');
    t.equal((await cluster.skerry('publish', next, '--site', 'b')).code, 0);
    await cluster.converged('b');
    for (const edge of [one, two]) t.strictSame(await differences(edge.url, 'b', next), []);
  },
);

t.test('a serving process that is killed is replaced, and shows what the others show', async (t) => {
  const cluster = await startCluster({ edges: 1, processes: 2 });
  t.teardown(() => cluster.close());
  const [edge] = cluster.edges;
  if (edge === undefined) throw new Error('no edge');
  const folder = await writeTree(join(cluster.folder, 'site'), { 'index.html': 'one' });
  t.equal((await cluster.skerry('publish', folder, '--site', 's', '--wait')).code, 0);

  const children = () => childrenOf(edge);
  const before = children();
  t.equal(before.length, 2);
  for (let i = 0; i < 10; i++) await read(edge.url, 's', 'index.html');
  t.ok((await requestsOf(edge)) >= 10);
  for (const pid of before) process.kill(pid, 'SIGKILL');
  await until('new serving processes', () => {
    const now = children();
    return now.length === 2 && now.every((pid) => !before.includes(pid));
  });
  await until('an answer', async () => {
    const answer = await read(edge.url, 's', 'index.html').catch(() => undefined);
    return answer?.status === 200;
  });
  t.ok((await requestsOf(edge)) >= 11, 'a counter does not go down with a process');
  await writeTree(folder, { 'index.html': 'two' });
  t.equal((await cluster.skerry('publish', folder, '--site', 's', '--wait')).code, 0);
  for (let i = 0; i < 40; i++) {
    const { body } = await read(edge.url, 's', 'index.html', { headers: { connection: 'close' } });
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
  t.equal((await read(edge.url, 's', 'index.html')).body.toString(), 'two');
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
