import { randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import type { WholeTask } from '../../origin/client/tasks-client.ts';
import type { TaskRequest } from '../../shared/wire/task-api.ts';
import { startCluster } from '../helpers/cluster.ts';
import { writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';

/** A full edge, and behind it a lazy one that fetches slowly, so that warming it takes minutes. */
const cluster = await startCluster({
  edges: 2,
  args: (index, feeds) =>
    index === 0
      ? ['--feed-port', new URL(feeds[0] ?? '').port]
      : ['--parent', feeds[0] ?? '', '--storage', 'lazy', '--rate', '20000'],
});
t.teardown(() => cluster.close());
const { origin, skerry } = cluster;
const { tasks } = cluster.client;
const [parent, child] = cluster.edges;
if (parent === undefined || child === undefined) throw new Error('a cluster of two edges has two');
const www = await writeTree(join(cluster.folder, 'www'), {
  'index.html': 'home',
  'big.bin': 'x'.repeat(99_999),
});
const films = await writeTree(join(cluster.folder, 'films'), {});
await writeFile(join(films, 'a.bin'), randomBytes(3_000_000));
for (const [site, folder] of Object.entries({ www, films })) {
  const published = await skerry('publish', folder, '--site', site);
  if (published.code !== 0) throw new Error(published.stderr);
  await cluster.converged(site);
}

/** A task that edges do not finish in time expires, so that nothing waits for it for ever. */
const verifying: Omit<TaskRequest, 'target'> = { kind: 'verify', args: { repair: false }, deadline: 300 };
const warming: TaskRequest = {
  kind: 'warm',
  args: { site: 'films', paths: [] },
  target: { edges: ['edge-2'] },
};
const states = ({ shares }: WholeTask) => shares.map(({ state }) => state);
const taskIs = (id: number, what: string, condition: (task: WholeTask) => boolean) =>
  until(`task ${id} to be ${what}`, async () => {
    const task = await tasks.whole(id);
    return condition(task) && task;
  });
const done = (id: number) => taskIs(id, 'done', ({ state }) => state === 'done');

async function damageLargeObjects(): Promise<void> {
  const objects = join(parent?.data ?? '', 'objects/large');
  const files = (await readdir(objects, { recursive: true })).filter((name) => name.length > 60);
  for (const file of files) await writeFile(join(objects, file), 'altered');
}

t.test('a fleet verifies itself, and damage is found and repaired', async (t) => {
  const sound = await skerry('verify');
  t.equal(sound.code, 0, sound.stderr);
  t.match(
    sound.stdout,
    /^EDGE +SITES .*\nedge-1 +2 +\d+ .* sound\nedge-2 +2 +\d+ .* sound\n2 of 2 edges sound: /,
  );

  await damageLargeObjects();
  const found = await skerry('verify');
  t.match(found, { code: 1, stdout: /^edge-1: www@1: .*DAMAGED\nedge-1: {3}big\.bin\n/m });
  t.match(found.stdout, /^1 of 2 edges sound: /m);
  const repaired = await skerry('verify', 'edge-1', '--repair', '--json');
  t.equal(repaired.code, 0, repaired.stderr);
  t.match(JSON.parse(repaired.stdout), {
    ...{ state: 'done', isSound: true, unsound: [] },
    edges: [{ edge: 'edge-1', state: 'done', result: { isSound: true } }],
  });
  t.match(await skerry('verify'), { code: 0, stdout: /^2 of 2 edges sound: /m });
  await until('the events of the tasks', async () => {
    const { stdout } = await skerry('events', '--kind', 'task-done', '--json');
    return (JSON.parse(stdout) as { events: unknown[] }).events.length >= 4;
  });
});

t.test('the origin has found damage repaired, and says why', async (t) => {
  await damageLargeObjects();
  const { id } = await tasks.create({ ...verifying, target: { edges: ['edge-1'] } });
  t.match(await done(id), { result: { isSound: false } });
  const repair = await until('the repair', async () => {
    const { tasks: some } = await tasks.list({ kind: 'repair', state: 'done' }, 10);
    return some.find(({ cause }) => cause.startsWith(`task ${id} `));
  });
  t.match(repair.cause, /^task \d+ found \d+ damaged files on edge-1$/);
  t.match(await skerry('verify'), { code: 0, stdout: /^2 of 2 edges sound: /m });
  const told = await until('the events of both', async () => {
    const { events } = JSON.parse((await skerry('events', '--json')).stdout) as {
      events: { kind: string; cause: unknown }[];
    };
    const kinds = events.filter(({ cause }) => cause === repair.cause).map(({ kind }) => kind);
    return kinds.length === 2 && kinds.sort();
  });
  t.strictSame(told, ['origin-acts', 'task-done']);
});

t.test('one edge answers for itself at its admin port', async (t) => {
  t.match(await skerry('verify', '--admin', parent.adminUrl), { code: 0, stdout: /^www@1: .*, sound$/m });
  const warm = ['warm', 'www', '/index.html'];
  t.match(await skerry(...warm, '--admin', child.adminUrl), { code: 0, stdout: /^www@1: fetched / });
  t.match(await skerry(...warm, '--edge', 'edge-2'), {
    code: 0,
    stdout: /^edge-2 +1 +0 objects.*1 object, 4 B/m,
  });
});

t.test('a task is cancelled while it runs, and the edge stops', async (t) => {
  const { id } = await tasks.create(warming);
  const running = await taskIs(id, 'running', ({ shares }) => shares[0]?.progress !== null);
  t.strictSame([running.state, states(running)], ['running', ['running']]);
  const following = skerry('tasks', 'follow', String(id));
  t.match(await skerry('tasks', 'cancel', String(id)), { code: 0, stdout: `task ${id} is cancelled\n` });
  t.match(await following, { code: 1, stderr: /^edge-2: cancelled$/m });
  t.match(states(await tasks.whole(id)), ['cancelled']);
  const after = await skerry(
    'tasks',
    'create',
    'warm',
    '--args',
    '{"site":"www","paths":[]}',
    '--all',
    '--wait',
  );
  t.match(after, { code: 0, stdout: /done/ });
});

t.test('what has failed can be tried again', async (t) => {
  const failing = await skerry('warm', 'www', '/*/*', '--edge', 'edge-2');
  t.match(failing, { code: 1, stdout: /^edge-2 +failed: bad-pattern/m });
  t.match(failing.stderr, /^skerry: task \d+ failed: edge-2 \(bad-pattern: .*`skerry tasks retry ID`/);
  const [, id = ''] = /task (\d+)/.exec(failing.stderr) ?? [];
  t.match(await skerry('tasks', 'retry', id), { code: 0, stdout: /is (queued|assigned)$/m });
  const again = await taskIs(Number(id), 'failed again', ({ state }) => state === 'failed');
  t.equal(again.shares[0]?.attempts, 2);
});

t.test('tasks outlive an origin and an edge that are killed', async (t) => {
  await child.stop('SIGKILL');
  const open = await tasks.create({ ...verifying, target: { all: true } });
  const cancelled = await tasks.create({ ...verifying, target: { edges: ['edge-2'] } });
  await tasks.cancel(cancelled.id);
  const half = await taskIs(open.id, 'done at one edge', ({ shares }) => shares[0]?.state === 'done');
  t.match(half.shares, [{ edge: 'edge-1', state: 'done' }, { edge: 'edge-2' }]);
  t.not(half.shares[1]?.state, 'done');

  await origin.stop('SIGKILL');
  await origin.start();
  const after = await tasks.whole(open.id);
  t.match(after.shares[0], { edge: 'edge-1', state: 'done', attempts: half.shares[0]?.attempts });
  t.equal(after.ended, null, 'it waits for the edge that is away');
  await child.start();
  const whole = await done(open.id);
  t.strictSame(whole.shares[0], after.shares[0], 'a result that counts is not asked for again');
  t.match(whole.shares[1], { edge: 'edge-2', result: { isSound: true } });

  t.match(await skerry('tasks', 'retry', String(cancelled.id)), { code: 0 });
  t.match(await skerry('tasks', 'follow', String(cancelled.id)), { code: 0, stdout: /, done\n/ });
  t.strictSame((await tasks.list({ state: 'open' }, 10)).tasks, []);
});
