import t from 'tap';
import {
  endedBy,
  LOST_MS,
  MOST_OF_A_KIND,
  type OpenTask,
  planTasks as planWith,
  type TaskEdge,
} from '../../../../origin/tasks/task-plan.ts';
import { MOST_ASSIGNMENTS } from '../../../../shared/work/assignment.ts';
import { attempt, fleetOf, NONCE, NOW, openTask, shareRow, taskEdge } from './task-rows.ts';

const ANY = { edge: null };
const planTasks = (tasks: readonly OpenTask[], edges: ReadonlyMap<string, TaskEdge>, now: number) =>
  planWith(tasks, edges, now, () => NONCE);
/** The edges that get the shares of the plan, by task and share. */
function given(plan: ReturnType<typeof planTasks>): Record<string, string[]> {
  return Object.fromEntries(
    plan.shares.map(({ task, share, attempts }) => [
      `${task}/${share}`,
      attempts.filter(({ isActive }) => isActive).map(({ edge }) => edge),
    ]),
  );
}
const oslo = taskEdge('oslo');
const rome = taskEdge('rome');
const offline: Partial<TaskEdge> = { isOnline: false, silentFor: LOST_MS };

t.test('a share that belongs to an edge goes to that edge alone', async (t) => {
  const cases: [name: string, edge: Partial<TaskEdge>, goes: boolean][] = [
    ['an edge that is online', {}, true],
    ['an edge that is away', offline, false],
    ['an edge that is drained or paused', { isFree: false }, true],
    ['an edge that may not know the kind says so itself', { kinds: [] }, true],
  ];
  for (const [name, edge, goes] of cases) {
    const plan = planTasks([openTask([shareRow()])], fleetOf(taskEdge('oslo', edge), rome), NOW);
    t.strictSame(given(plan), goes ? { '1/0': ['oslo'] } : {}, name);
  }
});

t.test('an edge that is away keeps its share until the deadline', async (t) => {
  const share = shareRow({ attempts: [attempt('oslo')] });
  t.strictSame(planTasks([openTask([share])], fleetOf(taskEdge('oslo', offline)), NOW).shares, []);
  const late = planTasks([openTask([share])], fleetOf(taskEdge('oslo', offline)), NOW + 3_600_000);
  t.match(late.shares, [{ state: 'expired', result: /task-expired.*oslo has not finished/ }]);
  t.strictSame(late.ended, [{ task: 1, state: 'expired', time: NOW + 3_600_000 }]);
  const never = planTasks([openTask([shareRow()])], fleetOf(taskEdge('oslo', offline)), NOW + 3_600_000);
  t.match(never.shares, [{ state: 'expired', result: /no edge has begun/ }]);
});

t.test('the share of a revoked edge fails', async (t) => {
  for (const fleet of [fleetOf(taskEdge('oslo', { isRevoked: true })), fleetOf(rome)]) {
    const plan = planTasks([openTask([shareRow()])], fleet, NOW);
    t.match(plan.shares, [{ state: 'failed', result: /no-such-edge/ }]);
    t.match(plan.ended, [{ state: 'failed' }]);
  }
});

t.test('a share of any edge goes to the one with the least work that can do it', async (t) => {
  const busy = openTask([shareRow({ attempts: [attempt('oslo')] })], { id: 1 });
  const cases: [name: string, edges: TaskEdge[], edge: string | undefined][] = [
    ['fewer assignments', [oslo, rome], 'rome'],
    ['less load', [taskEdge('paris', { load: 2 }), taskEdge('rome', { load: 1 })], 'rome'],
    ['the name, when all else is equal', [rome, taskEdge('paris')], 'paris'],
    ['not one that is away', [taskEdge('paris', { isOnline: false }), rome], 'rome'],
    ['not one that is drained', [taskEdge('paris', { isFree: false }), rome], 'rome'],
    ['not one that does not take the kind', [taskEdge('paris', { kinds: ['warm'] }), rome], 'rome'],
    ['not one that is revoked', [taskEdge('paris', { isRevoked: true }), rome], 'rome'],
    ['nobody', [taskEdge('paris', { kinds: [] })], undefined],
  ];
  for (const [name, edges, edge] of cases) {
    const others = edges.includes(oslo) ? [] : [taskEdge('oslo', { isFree: false })];
    const second = openTask([shareRow({ task: 2, ...ANY })], { id: 2 });
    const plan = planTasks([busy, second], fleetOf(...edges, ...others), NOW);
    t.strictSame(given(plan)['2/0'], edge && [edge], name);
  }
  const warm = { id: 2, kind: 'warm', args: '{"site":"docs","paths":[]}' };
  const plan = planTasks(
    [openTask([shareRow({ task: 2, ...ANY })], warm)],
    fleetOf(taskEdge('oslo', { sites: ['blog'] }), taskEdge('rome', { sites: ['docs'] })),
    NOW,
  );
  t.strictSame(given(plan), { '2/0': ['rome'] }, 'only one that replicates the site');
});

t.test('work moves on when its edge is lost', async (t) => {
  const share = shareRow({ ...ANY, attempts: [attempt('oslo')] });
  const plan = (edge: Partial<TaskEdge>) =>
    planTasks([openTask([share])], fleetOf(taskEdge('oslo', edge), rome), NOW);
  t.strictSame(plan({ isOnline: false, silentFor: LOST_MS - 1 }).shares, [], 'not before it is surely lost');
  for (const edge of [offline, { isRevoked: true }])
    t.match(plan(edge).shares, [
      {
        attempts: [
          { attempt: 1, edge: 'oslo', isActive: false },
          { attempt: 2, edge: 'rome', isActive: true },
        ],
      },
    ]);
  t.strictSame(given(plan({ ...offline, isFree: false })), { '1/0': ['rome'] });
  const back = shareRow({ ...ANY, attempts: [attempt('oslo', { isActive: false })] });
  t.strictSame(
    given(planTasks([openTask([back])], fleetOf(oslo, rome), NOW)),
    { '1/0': ['rome'] },
    'others first',
  );
  t.strictSame(
    given(planTasks([openTask([back])], fleetOf(oslo), NOW)),
    { '1/0': ['oslo'] },
    'else the same again',
  );
});

t.test('a straggler gets a second edge beside it, and no third', async (t) => {
  const slow = shareRow({ ...ANY, attempts: [attempt('oslo', { since: NOW - 120_000 })] });
  t.strictSame(given(planTasks([openTask([slow])], fleetOf(oslo, rome), NOW)), { '1/0': ['oslo', 'rome'] });
  t.strictSame(planTasks([openTask([slow])], fleetOf(oslo, rome), NOW - 1).shares, [], 'not before its time');
  t.strictSame(planTasks([openTask([slow])], fleetOf(oslo), NOW).shares, [], 'never the same edge twice');
  const both = shareRow({
    ...ANY,
    attempts: [attempt('oslo', { since: 0 }), attempt('rome', { since: 0, attempt: 2 })],
  });
  t.strictSame(planTasks([openTask([both])], fleetOf(oslo, rome, taskEdge('paris')), NOW).shares, []);
});

t.test('a share waits for its backoff', async (t) => {
  const failed = shareRow({
    notBefore: NOW + 1,
    failures: 1,
    attempts: [attempt('oslo', { isActive: false })],
  });
  t.strictSame(planTasks([openTask([failed])], fleetOf(oslo), NOW).shares, []);
  t.match(planTasks([openTask([failed])], fleetOf(oslo), NOW + 1).shares, [
    { attempts: [{ attempt: 1 }, { attempt: 2, isActive: true }] },
  ]);
});

t.test('an edge has only so many assignments', async (t) => {
  const tasks = Array.from({ length: MOST_ASSIGNMENTS + 3 }, (_, i) =>
    openTask([shareRow({ task: i + 1 })], { id: i + 1, kind: `kind-${i}` }),
  );
  const plan = planTasks(tasks, fleetOf(oslo), NOW);
  t.strictSame(
    plan.shares.map(({ task }) => task),
    tasks.slice(0, MOST_ASSIGNMENTS).map(({ row }) => row.id),
    'the oldest first',
  );
});

t.test('slow tasks of one kind leave room for other kinds', async (t) => {
  const tasks = Array.from({ length: 2 * MOST_OF_A_KIND }, (_, i) =>
    openTask([shareRow({ task: i + 1, ...(i % 2 === 1 && ANY) })], { id: i + 1 }),
  );
  const quick = openTask([shareRow({ task: 99 })], { id: 99, kind: 'report-state' });
  const plan = planTasks([...tasks, quick], fleetOf(oslo), NOW);
  t.strictSame(
    plan.shares.map(({ task }) => task),
    [1, 2, 99],
  );
});

t.test('a thousand waiting tasks look through a thousand edges once', async (t) => {
  let looks = 0;
  const edges = Array.from({ length: 1000 }, (_, i) => ({
    ...taskEdge(`edge-${i}`, { kinds: ['other'] }),
    get kinds() {
      looks++;
      return ['other'];
    },
  }));
  const tasks = Array.from({ length: 1000 }, (_, i) =>
    openTask([shareRow({ task: i + 1, ...ANY })], { id: i + 1 }),
  );
  t.strictSame(planTasks(tasks, fleetOf(...edges), NOW).shares, []);
  t.equal(looks, 1000);
});

t.test('only so many attempts are kept, and numbers go on', async (t) => {
  const attempts = Array.from({ length: 10 }, (_, i) => attempt('oslo', { attempt: i + 1, isActive: false }));
  const plan = planTasks([openTask([shareRow({ attempts })])], fleetOf(oslo), NOW);
  const [share] = plan.shares;
  t.equal(share?.attempts.length, 10);
  t.match(share?.attempts.at(-1), { attempt: 11, isActive: true });
});

t.test('a task ends with its last share', async (t) => {
  const done = shareRow({ state: 'done' });
  const shares = (...states: ('done' | 'failed' | 'expired' | 'open')[]) =>
    states.map((state, share) => shareRow({ share, state }));
  const cases = [
    [shares('done', 'done'), 'done'],
    [shares('done', 'failed', 'expired'), 'failed'],
    [shares('done', 'expired'), 'expired'],
    [shares('failed', 'open'), undefined],
  ] as const;
  for (const [some, state] of cases)
    t.strictSame(
      endedBy([openTask(some)], [], NOW).map((end) => end.state),
      state === undefined ? [] : [state],
    );
  t.match(endedBy([openTask(shares('open'))], [done], NOW), [{ state: 'done' }], 'with the changes');
});

t.test('the same plan comes from the same state', async (t) => {
  const tasks = [openTask([shareRow(), shareRow({ share: 1, ...ANY })])];
  const fleet = fleetOf(oslo, rome);
  t.strictSame(planTasks(tasks, fleet, NOW), planTasks(tasks, fleet, NOW));
});
