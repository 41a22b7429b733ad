import { pino } from 'pino';
import t from 'tap';
import { Type } from 'typebox';
import { type Executor, executor, type Progress } from '../../../../edge/work/executor/executor.ts';
import { Work } from '../../../../edge/work/work.ts';
import type { Asker } from '../../../../shared/work/work-kind.ts';

const by = { kind: 'admin-port' } as const;
const never = new AbortController().signal;

/** Counts up, a step at a time, until it is stopped. */
function world() {
  const stopping = new AbortController();
  const runs: unknown[] = [];
  const lines: unknown[] = [];
  const kind = (name: string, askers: readonly Asker[]): Executor =>
    executor(
      {
        kind: name,
        askers,
        arguments: Type.Object({ steps: Type.Optional(Type.Integer()) }, { additionalProperties: false }),
        result: Type.Object({ steps: Type.Integer() }),
      },
      async ({ steps = 1 }, { by, signal, progress }) => {
        runs.push(`${name} by ${by.kind}`);
        for (let i = 1; i <= steps; i++) {
          await new Promise((resume) => setImmediate(resume));
          signal.throwIfAborted();
          progress({ objects: i });
        }
        return { steps };
      },
    );
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const work = new Work(
    [kind('count', ['admin-port']), kind('later', ['task']), kind('own', [])],
    stopping.signal,
    log,
  );
  return { work, stopping, runs, lines };
}

t.test('a kind can be asked for by those whom it names', async (t) => {
  const { work, runs, lines } = world();
  t.strictSame(
    work.kindsFor('admin-port').map(({ kind }) => kind),
    ['count'],
  );
  const progress: Progress[] = [];
  t.strictSame(
    await work.ask('count', { steps: 2 }, { by, signal: never, progress: (now) => progress.push(now) }),
    { steps: 2 },
  );
  t.strictSame(progress, [{ objects: 1 }, { objects: 2 }]);
  t.strictSame(runs, ['count by admin-port'], 'and knows who asks');
  t.match(lines, [{ kind: 'count', by }], 'which a line tells');
});

t.test('the edge itself begins any kind', async (t) => {
  const { work, runs, lines } = world();
  await work.begin('own');
  await work.begin('count');
  t.strictSame(lines, [], 'quietly');
  t.strictSame(runs, ['own by edge', 'count by edge']);
});

t.test('what is refused runs nothing', async (t) => {
  const { work, runs } = world();
  const refused: [kind: string, args: unknown][] = [
    ['own', {}],
    ['later', {}],
    ['none', {}],
    ['constructor', {}],
    ['count', null],
    ['count', { steps: 'two' }],
    ['count', { steps: 1, more: 1 }],
  ];
  for (const [kind, args] of refused)
    await t.rejects(
      work.ask(kind, args, { by, signal: never }),
      { code: 'bad-request' },
      `${kind} ${JSON.stringify(args)}`,
    );
  t.strictSame(runs, []);
});

t.test('it stops when nobody asks any more, and when the edge stops', async (t) => {
  const { work, stopping } = world();
  const left = new AbortController();
  const asked = work.ask('count', { steps: 1e9 }, { by, signal: left.signal });
  left.abort();
  await t.rejects(asked, { name: 'AbortError' });
  const running = [
    work.ask('count', { steps: 1e9 }, { by, signal: never }),
    work.begin('own', { steps: 1e9 }),
  ];
  stopping.abort();
  for (const one of running) await t.rejects(one, { name: 'AbortError' });
});
