import { MOST_OPEN_TASKS } from '../../../origin/catalog/limits.ts';
import type { NewTask, ShareRow } from '../../../origin/catalog/task-calls.ts';
import type { Theme } from './harness.ts';

const newTask = (changes: Partial<NewTask> = {}): NewTask => ({
  ...{ kind: 'verify', args: '{"repair":false}', target: { kind: 'all' }, cause: 'a test', key: null },
  ...{ created: 100, deadline: 1000 },
  ...changes,
});
const ATTEMPT = { attempt: 1, nonce: 'n'.repeat(22), edge: 'oslo', since: 200, isActive: true };

export function tasksContract({ suite }: Theme): void {
  suite('tasks are kept with their shares', async (t, catalog) => {
    const task = newTask({ target: { kind: 'edges', names: ['oslo', 'rome'] } });
    const { id, isNew } = await catalog.addTask(task, ['oslo', 'rome', null]);
    t.equal(isNew, true);
    t.strictSame(await catalog.task(id), { ...task, id, state: 'open', ended: null });
    t.strictSame(await catalog.openTasks(), [await catalog.task(id)]);
    const empty = { attempts: [], failures: 0, notBefore: 0, by: null, result: null, state: 'open' };
    const shares = await catalog.shares(id, 0, 10);
    t.strictSame(shares, [
      { task: id, share: 0, edge: 'oslo', ...empty },
      { task: id, share: 1, edge: 'rome', ...empty },
      { task: id, share: 2, edge: null, ...empty },
    ]);
    t.strictSame(await catalog.shares(id, 1, 1), shares.slice(1, 2), 'a page of them');
    await t.rejects(catalog.task(id + 1), { code: 'no-such-task' });
    t.strictSame(await catalog.shares(id + 1, 0, 10), []);
  });

  suite('a share is saved until it has ended', async (t, catalog) => {
    const { id } = await catalog.addTask(newTask(), ['oslo']);
    const [share] = await catalog.shares(id, 0, 1);
    const given = { ...(share as ShareRow), attempts: [ATTEMPT], failures: 1, notBefore: 500 };
    await catalog.saveTasks({ shares: [given], ended: [] });
    t.strictSame(await catalog.shares(id, 0, 1), [given]);
    const done: ShareRow = { ...given, state: 'done', by: 'oslo', result: '{}' };
    await catalog.saveTasks({ shares: [done], ended: [{ task: id, state: 'done', time: 700 }] });
    t.match(await catalog.task(id), { state: 'done', ended: 700 });
    await catalog.saveTasks({
      shares: [{ ...given, state: 'failed', result: '{"code":"x"}' }],
      ended: [{ task: id, state: 'failed', time: 900 }],
    });
    t.strictSame(await catalog.shares(id, 0, 1), [done], 'the first end counts');
    t.match(await catalog.task(id), { state: 'done', ended: 700 });
    t.strictSame(await catalog.openTasks(), []);
  });

  suite('one open task has a key', async (t, catalog) => {
    const first = await catalog.addTask(newTask({ key: 'repair oslo' }), ['oslo']);
    t.strictSame(await catalog.addTask(newTask({ key: 'repair oslo' }), ['oslo', 'rome']), {
      id: first.id,
      isNew: false,
    });
    t.equal((await catalog.shares(first.id, 0, 10)).length, 1, 'nothing is added');
    t.equal((await catalog.addTask(newTask({ key: 'repair rome' }), ['rome'])).isNew, true);
    await catalog.saveTasks({ shares: [], ended: [{ task: first.id, state: 'failed', time: 1 }] });
    const second = await catalog.addTask(newTask({ key: 'repair oslo' }), ['oslo']);
    t.match(second, { isNew: true });
    t.equal((await catalog.addTask(newTask(), ['oslo'])).isNew, true, 'no key is no key');
    t.equal((await catalog.addTask(newTask(), ['oslo'])).isNew, true);
  });

  suite('recent keys are known, and those of open tasks', async (t, catalog) => {
    const add = (key: string | null, created: number) =>
      catalog.addTask(newTask({ key, created }), ['oslo']).then(({ id }) => id);
    const old = await add('old', 100);
    await add('young', 500);
    await add(null, 500);
    await catalog.saveTasks({ shares: [], ended: [{ task: old, state: 'done', time: 200 }] });
    await add('still open', 50);
    t.strictSame((await catalog.recentKeys(500)).sort(), ['still open', 'young']);
    t.strictSame((await catalog.recentKeys(0)).sort(), ['old', 'still open', 'young']);
  });

  suite('an ended task is opened again, but for what is done', async (t, catalog) => {
    const { id } = await catalog.addTask(newTask(), ['oslo', 'rome']);
    const [oslo, rome] = (await catalog.shares(id, 0, 2)) as [ShareRow, ShareRow];
    const done: ShareRow = { ...oslo, attempts: [ATTEMPT], state: 'done', by: 'oslo', result: '{}' };
    const failed: ShareRow = {
      ...{ ...rome, attempts: [{ ...ATTEMPT, edge: 'rome', isActive: false }], state: 'failed' },
      ...{ failures: 4, notBefore: 800, by: 'rome', result: '{"code":"internal"}' },
    };
    await catalog.saveTasks({ shares: [done, failed], ended: [{ task: id, state: 'failed', time: 900 }] });
    t.match(await catalog.reopenTask(id, 5000), { state: 'open', ended: null, deadline: 5000 });
    t.strictSame(await catalog.shares(id, 0, 2), [
      done,
      { ...failed, state: 'open', failures: 0, notBefore: 0, by: null, result: null },
    ]);
    t.match(
      await catalog.reopenTask(id, 9000),
      { state: 'open', deadline: 5000 },
      'an open one stays as it is',
    );
    await catalog.saveTasks({
      shares: [{ ...failed, state: 'done' }],
      ended: [{ task: id, state: 'done', time: 950 }],
    });
    t.match(
      await catalog.reopenTask(id, 9000),
      { state: 'done', deadline: 5000 },
      'and so does one that is done',
    );
    await t.rejects(catalog.reopenTask(99, 1), { code: 'no-such-task' });
  });

  suite('tasks are listed, filtered and in pages', async (t, catalog) => {
    const add = async (kind: string) => (await catalog.addTask(newTask({ kind }), ['oslo'])).id;
    const a = await add('verify');
    const b = await add('warm');
    const c = await add('verify');
    await catalog.saveTasks({ shares: [], ended: [{ task: a, state: 'done', time: 1 }] });
    const ids = async (...args: Parameters<typeof catalog.tasks>) =>
      (await catalog.tasks(...args)).map(({ id }) => id);
    t.strictSame(await ids({}, null, 10), [c, b, a]);
    t.strictSame(await ids({}, null, 2), [c, b]);
    t.strictSame(await ids({}, b, 10), [a]);
    t.strictSame(await ids({ kind: 'verify' }, null, 10), [c, a]);
    t.strictSame(await ids({ state: 'open' }, null, 10), [c, b]);
    t.strictSame(await ids({ state: 'done', kind: 'verify' }, null, 10), [a]);
  });

  suite('old tasks are deleted with their shares, and their numbers stay used', async (t, catalog) => {
    const add = async () => (await catalog.addTask(newTask(), ['oslo'])).id;
    const ids = [await add(), await add(), await add(), await add()];
    const [first = 0, second = 0, third = 0, open = 0] = ids;
    const ended = [first, second, third].map((task, i) => ({
      task,
      state: 'done' as const,
      time: 100 * (i + 1),
    }));
    await catalog.saveTasks({ shares: [], ended });
    t.equal(await catalog.dropTasks(150, 100, 10), 1, 'what ended before');
    t.strictSame(await catalog.shares(first, 0, 10), []);
    t.equal(await catalog.dropTasks(0, 1, 1), 1, 'what is older than the newest, a page at a time');
    t.equal(await catalog.dropTasks(0, 1, 10), 1);
    t.equal(await catalog.dropTasks(10_000, 0, 10), 0, 'an open one stays');
    t.strictSame(
      (await catalog.tasks({}, null, 10)).map(({ id }) => id),
      [open],
    );
    await catalog.saveTasks({ shares: [], ended: [{ task: open, state: 'done', time: 1 }] });
    t.equal(await catalog.dropTasks(10_000, 0, 10), 1);
    t.ok((await add()) > open);
  });

  suite('there are only so many open tasks', async (t, catalog) => {
    for (let i = 0; i < MOST_OPEN_TASKS; i++) await catalog.addTask(newTask(), []);
    await t.rejects(catalog.addTask(newTask(), []), { code: 'too-many-tasks' });
    const [first] = await catalog.openTasks();
    const { id = 0 } = first ?? {};
    await catalog.saveTasks({ shares: [], ended: [{ task: id, state: 'failed', time: 1 }] });
    await catalog.addTask(newTask(), []);
    await t.rejects(catalog.reopenTask(id, 9), { code: 'too-many-tasks' }, 'an ended one takes no more room');
    const [second] = await catalog.openTasks();
    await catalog.saveTasks({ shares: [], ended: [{ task: second?.id ?? 0, state: 'done', time: 1 }] });
    t.equal((await catalog.addTask(newTask(), [])).isNew, true);
  });
}
