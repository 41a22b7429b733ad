import { join } from 'node:path';
import t from 'tap';
import type { Event } from '../../shared/wire/event.ts';
import { startCluster } from '../helpers/cluster.ts';
import { read } from '../helpers/http.ts';
import { writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';

/** Three lazy edges, two of them in one region. The samples of what readers ask for come every 30 seconds. */
const SITE = 'www';
const cluster = await startCluster({
  edges: 3,
  args: (index) => ['--storage', 'lazy', '--region', index < 2 ? 'north' : 'south'],
});
t.teardown(() => cluster.close());
const [asked, other, far] = cluster.edges;
if (asked === undefined || other === undefined || far === undefined) throw new Error('three edges');

const json = async (...args: string[]) => JSON.parse((await cluster.skerry(...args, '--json')).stdout);

t.test('what readers ask of one lazy edge is warmed on the others of its region', async (t) => {
  const folder = await writeTree(join(cluster.folder, SITE), { 'hot.txt': 'hot', 'cold.txt': 'cold' });
  await cluster.skerry('publish', folder, '--site', SITE, '--wait');
  await cluster.converged(SITE);
  await read(asked.url, SITE, 'cold.txt');
  const task = await until(
    'the origin to warm it',
    async () => {
      for (let i = 0; i < 10; i++) await read(asked.url, SITE, 'hot.txt');
      const { tasks } = await json('tasks', 'list', '--kind', 'warm', '--state', 'done');
      return tasks[0];
    },
    180_000,
  );
  t.match(task, {
    args: { site: SITE, paths: ['/hot.txt'] },
    target: { edges: [other.name] },
    cause: new RegExp(`^readers of ${asked.name} ask for 1 objects of ${SITE} again and again: .*hot.txt$`),
  });
  t.match((await json('tasks', 'show', String(task.id))).shares, [
    { edge: other.name, result: { fetched: { objects: 1 } } },
  ]);
  t.match((await read(other.url, SITE, 'hot.txt')).headers['cache-status'], /^Skerry; hit/);
  t.match((await read(other.url, SITE, 'cold.txt')).headers['cache-status'], /fwd=miss/);
  t.match((await read(far.url, SITE, 'hot.txt')).headers['cache-status'], /fwd=miss/, 'in another region');
  const { events } = (await json('events', '--kind', 'origin-acts')) as { events: Event[] };
  t.match(events, [{ task: task.id, what: { kind: 'warm' } }]);
  t.match(await json('tasks', 'plan'), { actions: [] }, 'it is not warmed again');
});
