import pino from 'pino';
import t, { type Test } from 'tap';
import { signerWith } from '../../../../origin/catalog/record-signer.ts';
import { sqliteCalls } from '../../../../origin/catalog/sqlite/calls.ts';
import { migrations } from '../../../../origin/catalog/sqlite/schema.ts';
import type { ShareRow } from '../../../../origin/catalog/task-calls.ts';
import type { ObservedEdge } from '../../../../origin/reconcile/reconcile-plan.ts';
import { Reconciler, type ReconcilerParts } from '../../../../origin/reconcile/reconciler.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { SkerryError } from '../../../../shared/errors.ts';
import { generateSigningKey } from '../../../../shared/signing/keys.ts';
import { openDatabase } from '../../../../shared/sqlite/open.ts';
import type { NewEvent } from '../../../../shared/wire/event.ts';
import type { TaskRequest, TaskStatus } from '../../../../shared/wire/task-api.ts';
import { asRemote } from '../../../helpers/in-process.ts';
import { until } from '../../../helpers/until.ts';

const UNSOUND = JSON.stringify({
  isSound: false,
  verified: 1,
  sites: [
    {
      name: 's',
      revision: 1,
      manifest: 'sound',
      objects: 9,
      bytes: 9,
      damaged: 2,
      paths: [],
      repaired: false,
    },
  ],
  others: { objects: 0, damaged: 1 },
});

const FULL = { isOnline: true, disk: { free: 1, total: 100 }, mismatchMs: null };

async function world(t: Test, hot: ReconcilerParts['hot'] = async () => []) {
  const database = openDatabase(':memory:', migrations);
  const catalog = asRemote(sqliteCalls(database, signerWith(generateSigningKey())));
  const edges: ObservedEdge[] = [];
  const events: NewEvent[] = [];
  const pruned: string[] = [];
  const created: { request: TaskRequest; cause: string; key: string | null | undefined }[] = [];
  let fault: SkerryError | undefined;
  const tasks = {
    async create(request: TaskRequest, cause: string, key?: string | null) {
      if (fault !== undefined) throw fault;
      created.push({ request, cause, key });
      const now = systemClock.now();
      const target = { kind: 'all' } as const;
      const task = {
        kind: request.kind,
        args: '{}',
        target,
        cause,
        key: key ?? null,
        created: now,
        deadline: now + 1000,
      };
      const { id } = await catalog.addTask(task, ['oslo']);
      return { id } as TaskStatus;
    },
  };
  const stopping = new AbortController();
  const running: Promise<void>[] = [];
  function start(): Reconciler {
    const reconciler = new Reconciler({
      ...{ tasks, catalog, clock: systemClock, log: pino({ enabled: false }), edges: () => edges },
      hot,
      pruned: (edge) => pruned.push(edge),
      note: (event) => events.push(event),
    });
    running.push(reconciler.run(stopping.signal));
    return reconciler;
  }
  t.teardown(async () => {
    stopping.abort();
    await Promise.all(running);
    database.close();
  });
  /** A verification that has found damage on Oslo's disk. */
  async function unsound(repair = false) {
    const now = systemClock.now();
    const { id } = await catalog.addTask(
      {
        ...{
          kind: 'verify',
          args: JSON.stringify({ repair }),
          target: { kind: 'all' },
          cause: 'a test',
          key: null,
        },
        ...{ created: now, deadline: now + 1000 },
      },
      ['oslo'],
    );
    const [share] = await catalog.shares(id, 0, 1);
    const done: ShareRow = { ...(share as ShareRow), state: 'done', by: 'oslo', result: UNSOUND };
    await catalog.saveTasks({ shares: [done], ended: [{ task: id, state: 'done', time: now }] });
    return { task: await catalog.task(id), done };
  }
  const refuse = (error: SkerryError | undefined) => {
    fault = error;
  };
  return { start, unsound, edges, events, created, refuse, pruned, catalog };
}

t.test('damage that a verification finds is repaired once, and the event says why', async (t) => {
  const { start, unsound, events, created } = await world(t);
  const reconciler = start();
  const { task, done } = await unsound();
  reconciler.counted(task, done);
  await until('the repair', () => created.length === 1);
  reconciler.counted(task, done);
  const { task: second, done: again } = await unsound();
  reconciler.counted(second, again);
  await until('the second repair', () => created.length === 2);
  t.match(created[0], {
    request: { kind: 'repair', target: { edges: ['oslo'] } },
    cause: `task ${task.id} found 3 damaged files on oslo`,
    key: `repair oslo after ${task.id}`,
  });
  t.match(events[0], { kind: 'origin-acts', cause: created[0]?.cause, what: { kind: 'repair' } });
});

t.test('what was found before a restart is repaired after it', async (t) => {
  const { start, unsound, created } = await world(t);
  const { task } = await unsound();
  start();
  await until('the repair', () => created.length === 1);
  t.equal(created[0]?.key, `repair oslo after ${task.id}`);
  const second = await unsound();
  start().counted(second.task, second.done);
  await until('the repair of the second finding', () => created.length === 2);
  t.equal(new Set(created.map(({ key }) => key)).size, 2, 'a second process repeats nothing');
});

t.test('a verification that repairs needs no repair', async (t) => {
  const { start, unsound, created, edges } = await world(t);
  await unsound(true);
  edges.push({ ...FULL, name: 'rome' });
  start();
  await until('another action', () => created.length === 1);
  t.match(created, [{ request: { kind: 'prune' } }]);
});

t.test('an action that has to wait is not lost', async (t) => {
  const { start, unsound, created, refuse } = await world(t);
  refuse(new SkerryError('too-many-tasks', 'enough'));
  const reconciler = start();
  const { task, done } = await unsound();
  reconciler.counted(task, done);
  refuse(undefined);
  reconciler.counted((await unsound()).task, done);
  await until('both repairs', () => created.length === 2);
  t.pass('both are there');
});

t.test('the plan says what would be done and changes nothing', async (t) => {
  const { start, unsound, created, edges, refuse } = await world(t);
  refuse(new SkerryError('too-many-tasks', 'enough'));
  const reconciler = start();
  t.match(await reconciler.plan(), { actions: [], more: 0 });
  const { task, done } = await unsound();
  reconciler.counted(task, done);
  for (let i = 0; i < 6; i++) edges.push({ ...FULL, name: `edge-${i}` });
  const { actions } = await reconciler.plan();
  t.strictSame(
    actions.map(({ key, when }) => `${when}: ${key}`),
    [
      `now: repair oslo after ${task.id}`,
      ...[0, 1, 2, 3].map((i) => `now: prune edge-${i}`),
      ...[4, 5].map((i) => `later: prune edge-${i}`),
    ],
  );
  t.match(actions[0], { cause: /found 3 damaged files/, request: { kind: 'repair' } });
  t.equal(created.length, 0);
  refuse(undefined);
  reconciler.counted(task, done);
  await until('the actions of a round', () => created.length >= 5);
  await until('the plan to know them', async () => {
    const plan = await reconciler.plan();
    return plan.actions.filter(({ when }) => when === 'done').length >= 4;
  });
});

t.test('an edge that has deleted its old data is told of, also after a restart', async (t) => {
  const { start, unsound, pruned, catalog } = await world(t);
  const { task, done } = await unsound(true);
  const prune = { ...task, kind: 'prune' };
  start().counted(prune, done);
  t.strictSame(pruned, ['oslo']);
  const now = systemClock.now();
  const { id } = await catalog.addTask(
    { ...prune, target: { kind: 'all' }, created: now, deadline: now + 1000 },
    ['rome'],
  );
  const [share] = await catalog.shares(id, 0, 1);
  const ended: ShareRow = { ...(share as ShareRow), state: 'done', by: 'rome', result: '{}' };
  await catalog.saveTasks({ shares: [ended], ended: [{ task: id, state: 'done', time: now }] });
  await start().plan();
  t.ok(pruned.includes('rome'));
});

t.test('hot objects that cannot be looked up hold back nothing else', async (t) => {
  const hot = () => Promise.reject(new SkerryError('no-such-revision', 'it was just pruned'));
  const { start, edges, created } = await world(t, hot);
  edges.push({ ...FULL, name: 'rome' });
  const reconciler = start();
  await until('the other action', () => created.length === 1);
  t.match(created, [{ request: { kind: 'prune' } }]);
  t.match(await reconciler.plan(), { actions: [{ request: { kind: 'prune' } }] });
});

t.test('however often the plan is asked for, hot objects are looked up once in some seconds', async (t) => {
  let looks = 0;
  const { start } = await world(t, async () => {
    looks++;
    return [];
  });
  const reconciler = start();
  await Promise.all(Array.from({ length: 20 }, () => reconciler.plan()));
  await reconciler.plan();
  t.equal(looks, 1);
});
