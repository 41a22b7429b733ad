import { setImmediate as turn } from 'node:timers/promises';
import { pino } from 'pino';
import t from 'tap';
import type { AttemptEnd } from '../../../../../edge/work/tasks/task-runner.ts';
import { Tasks } from '../../../../../edge/work/tasks/tasks.ts';
import type { AskableWork, Asking } from '../../../../../edge/work/work.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';
import { SkerryError } from '../../../../../shared/errors.ts';
import type { Statement } from '../../../../../shared/log/statements.ts';
import { MAX_RESULT_BYTES } from '../../../../../shared/log/task-result.ts';
import { type Assignment, type Attempt, assignmentList } from '../../../../../shared/work/assignment.ts';
import { jumpingClock } from '../../jumping-clock.ts';

interface Asked extends Asking {
  readonly name: string;
  readonly args: unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** An edge whose work ends when the test says so. `waiting` are the attempts whose results an earlier process left. */
async function world({ waiting = [] as Attempt[], failures = 0 } = {}) {
  const clock = jumpingClock();
  const stopping = new AbortController();
  const asked: Asked[] = [];
  const ended: [string, AttemptEnd][] = [];
  const lines: { msg: string }[] = [];
  const told = { changes: 0 };
  let left = failures;
  const work: AskableWork = {
    kindsFor: (asker) => (asker === 'task' ? [{ kind: 'count' }, { kind: 'other' }] : []) as never,
    ask: (name, args, asking) =>
      new Promise((resolve, reject) => {
        asked.push({ name, args, ...asking, resolve, reject });
        asking.signal.addEventListener('abort', () => reject(asking.signal.reason));
      }),
  };
  const statements = waiting.map((body) => ({ kind: 'task-result', body })) as unknown as Statement[];
  const tasks = await Tasks.open(
    {
      ...{ work, clock },
      catalog: { unsentStatements: async (limit) => statements.slice(0, limit) },
      async ended(attempt, end) {
        if (left-- > 0) throw new Error('the disk is full');
        ended.push([numbers(attempt), end]);
      },
      changed: () => void told.changes++,
      log: pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) }),
    },
    stopping.signal,
  );
  const assign = (...assignments: Assignment[]) => {
    const list = assignmentList(assignments);
    return tasks.assigned(list?.digest ?? null, list?.text);
  };
  const runs = () => asked.map(({ by }) => numbers(by as unknown as Attempt));
  return { tasks, asked, ended, lines, told, clock, stopping, assign, runs };
}

const assignment = (task: number, kind = 'count', attempt = 1): Assignment => ({
  ...{ task, share: 0, attempt, nonce: 'n'.repeat(22), kind, args: { task } },
});
const numbers = ({ task, share, attempt }: Attempt) => `${task}/${share}/${attempt}`;
const settled = async () => {
  for (let i = 0; i < 10; i++) await turn();
};

t.test('an attempt runs once, and its result is stored and told', async (t) => {
  const { tasks, asked, ended, told, assign } = await world();
  t.strictSame(tasks.report, { kinds: ['count', 'other'], assignments: null, running: [] });
  t.equal(assign(assignment(7)), 'here');
  t.match(asked, [{ name: 'count', args: { task: 7 }, by: { kind: 'task', task: 7, share: 0, attempt: 1 } }]);
  asked[0]?.progress?.({ objects: 5 });
  const running = { task: 7, share: 0, attempt: 1, nonce: 'n'.repeat(22), objects: 5, bytes: 0 };
  t.match(tasks.report, { assignments: /^[0-9a-f]{64}$/, running: [running] });
  t.ok(tasks.isBusy);
  asked[0]?.resolve({ counted: 9 });
  await settled();
  t.strictSame(ended, [['7/0/1', { outcome: 'done', result: '{"counted":9}' }]]);
  t.equal(told.changes, 1);
  t.notOk(tasks.isBusy);
  assign(assignment(7));
  assign(assignment(7), assignment(8));
  t.equal(asked.length, 2, 'it stays in the list until the origin has its result, and is not run again');
});

t.test('an attempt that leaves the list is cancelled and has no result', async (t) => {
  const { tasks, asked, ended, assign, runs } = await world();
  assign(assignment(7));
  assign(assignment(8));
  t.ok(asked[0]?.signal.aborted);
  await settled();
  t.strictSame(ended, []);
  t.strictSame(runs(), ['7/0/1', '8/0/1'], 'and makes room');
  assign();
  t.ok(asked[1]?.signal.aborted);
  t.strictSame(tasks.report.assignments, null);
  await settled();
  assign(assignment(8));
  t.strictSame(runs(), ['7/0/1', '8/0/1', '8/0/1'], 'it begins again when the origin wants it again');
});

t.test('an attempt of a restored origin runs, though the result of one with its numbers waits', async (t) => {
  const { asked, assign } = await world({ waiting: [{ ...assignment(7), nonce: 'o'.repeat(22) }] });
  assign(assignment(7));
  t.equal(asked.length, 1);
});

t.test('attempts of different kinds run side by side, those of one kind one after another', async (t) => {
  const { asked, assign, runs } = await world();
  const kinds = ['a', 'a', 'b', 'c', 'd', 'e'];
  assign(...kinds.map((kind, i) => assignment(i + 1, kind)));
  t.strictSame(runs(), ['1/0/1', '3/0/1', '4/0/1', '5/0/1']);
  asked[1]?.resolve({});
  await settled();
  t.strictSame(runs().slice(4), ['6/0/1']);
  asked[0]?.resolve({});
  await settled();
  t.strictSame(runs().slice(5), ['2/0/1']);
});

t.test('a failure is a result, and so is a result that no statement could hold', async (t) => {
  const { asked, ended, assign } = await world();
  const results: [end: (asked: Asked) => void, result: object][] = [
    [
      ({ reject }) => reject(new SkerryError('no-such-site', 'x'.repeat(600))),
      { code: 'no-such-site', message: 'x'.repeat(500) },
    ],
    [({ reject }) => reject(new Error('a secret of the program')), { code: 'internal' }],
    [({ resolve }) => resolve({ paths: 'x'.repeat(MAX_RESULT_BYTES) }), { code: 'internal' }],
    [({ resolve }) => resolve(undefined), { code: 'internal' }],
  ];
  for (const [i, [end]] of results.entries()) {
    assign(assignment(i + 1));
    end(asked[i] as Asked);
    await settled();
  }
  t.strictSame(
    ended.map(([key, { outcome }]) => `${key} ${outcome}`),
    ['1/0/1 failed', '2/0/1 failed', '3/0/1 failed', '4/0/1 failed'],
  );
  t.match(
    ended.map(([, { result }]) => JSON.parse(result)),
    results.map(([, result]) => result),
  );
});

t.test('a result that cannot be stored is stored later', async (t) => {
  const { tasks, asked, ended, lines, assign } = await world({ failures: 2 });
  assign(assignment(7));
  asked[0]?.resolve({});
  for (let i = 0; i < 5; i++) await settled();
  t.equal(lines.length, 2);
  t.strictSame(ended, [['7/0/1', { outcome: 'done', result: '{}' }]]);
  t.notOk(tasks.isBusy);
});

t.test('after a restart, what has a waiting result is not run again', async (t) => {
  const { tasks, assign, runs } = await world({ waiting: [assignment(7), assignment(8, 'count', 2)] });
  t.equal(tasks.report.assignments, null, 'the list is sent again');
  assign(assignment(7), assignment(8, 'other', 1), assignment(9));
  t.strictSame(runs(), ['8/0/1', '9/0/1']);
});

t.test('when the edge ends, its runs end without results', async (t) => {
  const { asked, ended, stopping, assign } = await world();
  assign(assignment(7), assignment(8));
  stopping.abort();
  await settled();
  t.strictSame([ended, asked.length], [[], 1]);
});

t.test('while the list that the origin wants is missing, nothing begins', async (t) => {
  const { tasks, asked, clock, assign, runs } = await world();
  const list = (...tasks: number[]) => assignmentList(tasks.map((task) => assignment(task)));
  assign(assignment(1), assignment(2));
  const wanted = list(1, 3);
  t.equal(tasks.assigned(wanted?.digest ?? null, undefined), 'missing');
  t.equal(tasks.assigned(wanted?.digest ?? null, list(1, 2)?.text), 'altered', 'an old list');
  asked[0]?.resolve({});
  await settled();
  t.strictSame(runs(), ['1/0/1'], 'the origin may not want 2 any more');
  t.equal(tasks.assigned(wanted?.digest ?? null, wanted?.text), 'here');
  t.strictSame(runs(), ['1/0/1', '3/0/1']);

  tasks.assigned(list(3, 4)?.digest ?? null, undefined);
  clock.advance(29_999);
  tasks.assigned(list(3, 4, 5)?.digest ?? null, undefined);
  t.notOk(asked[1]?.signal.aborted, 'what runs goes on for a while');
  clock.advance(1);
  tasks.assigned(list(3, 4, 5)?.digest ?? null, undefined);
  t.ok(asked[1]?.signal.aborted);
  await settled();
  t.strictSame(runs(), ['1/0/1', '3/0/1']);
  const last = list(3, 4);
  tasks.assigned(last?.digest ?? null, last?.text);
  t.strictSame(runs().slice(2), ['3/0/1'], 'and begins again');
});

t.test('without a word of the origin, a list is valid for a minute', async (t) => {
  const { tasks, asked, clock, assign, runs } = await world();
  const both = [assignment(1), assignment(2)];
  assign(...both);
  clock.advance(59_000);
  tasks.unanswered();
  t.notOk(asked[0]?.signal.aborted);
  assign(...both);
  clock.advance(59_999);
  tasks.unanswered();
  t.notOk(asked[0]?.signal.aborted, 'each answer that names the list renews it');
  clock.advance(1);
  tasks.unanswered();
  t.ok(asked[0]?.signal.aborted, 'the origin may have cancelled it');
  await settled();
  t.strictSame(runs(), ['1/0/1'], 'nothing else begins');
  assign(...both);
  t.strictSame(runs(), ['1/0/1', '1/0/1'], 'and it begins again when the origin still wants it');
});

t.test('a list in a form that is not known runs nothing', async (t) => {
  const { tasks, asked, lines, assign } = await world();
  assign(assignment(7));
  const text = '[{"later":"form"}]';
  t.equal(tasks.assigned(digestOf(text), text), 'here');
  t.ok(asked[0]?.signal.aborted);
  t.match(lines, [{ msg: /a form that this version does not know/ }]);
});
