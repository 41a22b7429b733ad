import pino from 'pino';
import t, { type Test } from 'tap';
import { signerWith } from '../../../../origin/catalog/record-signer.ts';
import { sqliteCalls } from '../../../../origin/catalog/sqlite/calls.ts';
import { migrations } from '../../../../origin/catalog/sqlite/schema.ts';
import type { NewTask } from '../../../../origin/catalog/task-calls.ts';
import { TaskBoard } from '../../../../origin/tasks/task-board.ts';
import type { TaskEdge } from '../../../../origin/tasks/task-plan.ts';
import { systemClock } from '../../../../shared/clock.ts';
import type { TaskResult } from '../../../../shared/log/task-result.ts';
import { generateSigningKey } from '../../../../shared/signing/keys.ts';
import { openDatabase } from '../../../../shared/sqlite/open.ts';
import type { NewEvent } from '../../../../shared/wire/event.ts';
import { parseAssignments } from '../../../../shared/work/assignment.ts';
import { asRemote } from '../../../helpers/in-process.ts';
import { until } from '../../../helpers/until.ts';
import { taskEdge } from './task-rows.ts';

/** A board over a catalog that outlives it. */
async function world(t: Test) {
  const database = openDatabase(':memory:', migrations);
  let refuses = false;
  const catalog = asRemote(sqliteCalls(database, signerWith(generateSigningKey())), (method) => {
    if (refuses && method === 'saveTasks') throw new Error('the disk is full');
  });
  const edges = new Map<string, TaskEdge>(['oslo', 'rome'].map((name) => [name, taskEdge(name)]));
  const called: string[][] = [];
  const noted: NewEvent[] = [];
  const running: AbortController[] = [];
  const stopped: Promise<void>[] = [];
  async function open(): Promise<TaskBoard> {
    for (const one of running) one.abort();
    const board = await TaskBoard.open({
      ...{
        catalog,
        clock: systemClock,
        edges: () => edges,
        log: pino({ enabled: false }),
        note: (event: NewEvent) => noted.push(event),
        counted: () => {},
      },
      call: (names) => called.push([...names].sort()),
    });
    const stopping = new AbortController();
    running.push(stopping);
    stopped.push(board.run(stopping.signal));
    return board;
  }
  t.teardown(async () => {
    for (const one of running) one.abort();
    await Promise.all(stopped);
    database.close();
  });
  return {
    catalog,
    edges,
    called,
    noted,
    open,
    refuse: (now: boolean) => (refuses = now),
    board: await open(),
  };
}

const newTask = (changes: Partial<NewTask> = {}): NewTask => ({
  ...{ kind: 'prune', args: '{}', target: { kind: 'all' }, cause: 'a test', key: null },
  ...{ created: systemClock.now(), deadline: systemClock.now() + 60_000 },
  ...changes,
});
const pruned = (objects: number) => JSON.stringify({ objects, bytes: 1 });
/** The nonces of the attempts that the newest board has given out. */
const nonces = new Map<string, string>();
const result = (edge: string, changes: Partial<TaskResult>): TaskResult => {
  const { task = 1, share = 0, attempt = 1 } = changes;
  return {
    ...{ log: '', epoch: 1, edge, task, share, attempt, time: 5, sig: '' },
    nonce: nonces.get(`${task}/${share}/${attempt}`) ?? '',
    ...{ outcome: 'done', result: pruned(0) },
    ...changes,
  };
};
const assigned = (board: TaskBoard, edge: string) => {
  const list = board.assignments(edge);
  const assignments = list === null ? [] : parseAssignments(list.text);
  for (const { task, share, attempt, nonce } of assignments) nonces.set(`${task}/${share}/${attempt}`, nonce);
  return assignments;
};
const given = (board: TaskBoard, edge: string) =>
  until(`${edge} to get work`, () => assigned(board, edge).at(0));

t.test('each edge gets its share, and the task is done when all are', async (t) => {
  const { board, called, catalog, noted } = await world(t);
  const { id } = await board.create(newTask(), ['oslo', 'rome']);
  const { nonce, ...first } = await given(board, 'oslo');
  t.match(nonce, /^[\w-]{22}$/);
  t.strictSame(first, {
    ...{ task: id, share: 0, attempt: 1, kind: 'prune', args: {} },
  });
  t.match(await given(board, 'rome'), { share: 1 });
  t.strictSame(called, [['oslo', 'rome']], 'both are called once');
  await board.results([result('oslo', { share: 0 })]);
  t.equal(board.assignments('oslo'), null, 'what is done is off the list');
  t.match(await catalog.task(id), { state: 'open' });
  await board.results([result('rome', { share: 1, result: pruned(9) })]);
  t.match(await catalog.task(id), { state: 'done' });
  t.match(await catalog.shares(id, 0, 2), [{ by: 'oslo' }, { by: 'rome', result: pruned(9) }]);
  t.strictSame(board.openShares(id), []);
  t.match(noted, [
    { kind: 'task-done', task: id, cause: 'a test', what: { kind: 'prune', shares: { done: 2 } } },
  ]);
});

t.test('a result counts once, whoever repeats or invents it', async (t) => {
  const { board, catalog } = await world(t);
  const { id } = await board.create(newTask(), ['oslo', 'rome']);
  await given(board, 'oslo');
  await given(board, 'rome');
  const first = result('oslo', { share: 0, result: pruned(1) });
  await board.results([
    first,
    { ...first, result: pruned(2) },
    result('oslo', { share: 1 }),
    result('rome', { share: 7 }),
    result('rome', { task: 99 }),
  ]);
  await board.results([first, { ...first, result: pruned(3) }]);
  t.match(await catalog.shares(id, 0, 2), [
    { state: 'done', result: pruned(1) },
    { state: 'open', by: null },
  ]);
});

t.test('the result of an attempt from before the catalog was restored does not count', async (t) => {
  const lost = await world(t);
  await lost.board.create(newTask(), ['oslo']);
  await given(lost.board, 'oslo');
  const old = result('oslo', { result: pruned(7) });
  const { board, catalog } = await world(t);
  const { id } = await board.create(newTask(), ['oslo']);
  const again = await given(board, 'oslo');
  t.match(old, { task: id, share: again.share, attempt: again.attempt }, 'the numbers are the same');
  await board.results([old]);
  t.match(await catalog.shares(id, 0, 1), [{ state: 'open', result: null }]);
  await board.results([result('oslo', {})]);
  t.match(await catalog.shares(id, 0, 1), [{ state: 'done', result: pruned(0) }]);
});

t.test('what could not be stored does not count', async (t) => {
  const { board, catalog, refuse } = await world(t);
  const { id } = await board.create(newTask(), ['oslo']);
  await given(board, 'oslo');
  refuse(true);
  await t.rejects(board.results([result('oslo', {})]), { message: 'the disk is full' });
  t.equal(assigned(board, 'oslo').length, 1, 'the edge still has it');
  refuse(false);
  await board.results([result('oslo', {})]);
  t.match(await catalog.task(id), { state: 'done' });
});

t.test('a new process goes on where the last one was', async (t) => {
  const { board, open, catalog } = await world(t);
  const { id } = await board.create(newTask(), ['oslo', 'rome']);
  const before = await given(board, 'oslo');
  await given(board, 'rome');
  await board.results([result('rome', { share: 1 })]);
  const again = await open();
  t.strictSame(assigned(again, 'oslo'), [before], 'the same attempt');
  t.strictSame(assigned(again, 'rome'), [], 'not what is done');
  await again.results([result('oslo', {})]);
  t.match(await catalog.task(id), { state: 'done' });
});

t.test('a cancelled task leaves the lists; a retried one comes back', async (t) => {
  const { board, called, catalog } = await world(t);
  const { id } = await board.create(newTask(), ['oslo']);
  await given(board, 'oslo');
  t.match(await board.cancel(id), { state: 'cancelled' });
  t.match(await board.cancel(id), { state: 'cancelled' }, 'a second time');
  t.equal(board.assignments('oslo'), null);
  t.strictSame(called, [['oslo'], ['oslo']], 'the edge is called to stop');
  await board.results([result('oslo', {})]);
  t.match(await catalog.shares(id, 0, 1), [{ state: 'cancelled', by: null }], 'a late result does not count');
  t.match(await board.retry(id, systemClock.now() + 60_000), { state: 'open' });
  t.match(await given(board, 'oslo'), { attempt: 2 });
  await t.rejects(board.cancel(99), { code: 'no-such-task' });
  await t.rejects(board.retry(99, 1), { code: 'no-such-task' });
});

t.test('one open task has a key', async (t) => {
  const { board } = await world(t);
  const first = await board.create(newTask({ key: 'repair' }), ['oslo']);
  t.equal((await board.create(newTask({ key: 'repair' }), ['rome'])).id, first.id);
  t.strictSame(assigned(board, 'rome'), []);
});

t.test('progress is what the edge reported last', async (t) => {
  const { board } = await world(t);
  const { id: task } = await board.create(newTask(), ['oslo']);
  const { share, attempt, nonce } = await given(board, 'oslo');
  const running = { task, share, attempt, nonce };
  t.equal(board.progress('oslo', running), undefined);
  const report = { kinds: [], assignments: null, running: [{ ...running, objects: 3, bytes: 30 }] };
  board.reported('oslo', report);
  t.strictSame(board.progress('oslo', running), { objects: 3, bytes: 30 });
  board.reported('oslo', { ...report, running: [] });
  t.equal(board.progress('oslo', running), undefined);
});

t.test('an edge that comes back gets its share', async (t) => {
  const { board, edges } = await world(t);
  edges.set('oslo', taskEdge('oslo', { isOnline: false }));
  await board.create(newTask(), ['oslo', 'rome']);
  await given(board, 'rome');
  t.equal(board.assignments('oslo'), null);
  edges.set('oslo', taskEdge('oslo'));
  board.wake();
  t.ok(await given(board, 'oslo'));
});

t.test('a result of another form does not count as done', async (t) => {
  const { board, catalog } = await world(t);
  const { id } = await board.create(newTask(), ['oslo']);
  await given(board, 'oslo');
  await board.results([result('oslo', { result: 'no JSON' })]);
  t.match(await catalog.shares(id, 0, 1), [{ state: 'open', failures: 1, result: null }]);
});
