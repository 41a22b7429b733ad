import t from 'tap';
import { followTask } from '../../../../bin/tasks/follow-task.ts';
import { confirmEnd } from '../../../../bin/tasks/task-end.ts';
import { exitCodeOf } from '../../../../bin/terminal/report-error.ts';
import { printingOn } from '../../../../bin/terminal/streams.ts';
import type { WholeTask } from '../../../../origin/client/tasks-client.ts';
import { SkerryError } from '../../../../shared/errors.ts';
import type { EdgeStatus } from '../../../../shared/wire/api.ts';
import { share, task } from './shares.ts';

const ended = task([share('oslo', { state: 'done' })], { state: 'done' });
const open = task([share('oslo'), share('rome')]);
const away = () => new SkerryError('origin-unreachable', 'the origin does not answer');

/** Follows a task whose looks have these results, one after the other; the last one stays. */
async function followed(looks: readonly (WholeTask | Error)[], controller = new AbortController()) {
  let now = 0;
  let looked = 0;
  let said = '';
  const shown: WholeTask[] = [];
  const { signal } = controller;
  const clock = {
    now: () => now,
    monotonic: () => now,
    async sleep(ms: number) {
      signal.throwIfAborted();
      now += ms;
    },
  };
  const output = { write: (text: string) => (said += text) };
  const client = {
    edges: async () => [{ name: 'rome', online: false } as EdgeStatus],
    tasks: {
      async whole() {
        const look = looks[Math.min(looked++, looks.length - 1)];
        if (look instanceof Error || look === undefined) throw look;
        return look;
      },
    },
  };
  const view = { show: (task: WholeTask) => shown.push(task), end: () => {} };
  const result = await printingOn({ stdout: output, stderr: output }, () =>
    followTask({ client, id: 7, view, clock, signal }).catch((error: unknown) => error),
  );
  return { result, said, shown, now, looked };
}

t.test('it ends with the task, and names offline edges once', async (t) => {
  const { result, said, shown } = await followed([open, open, ended]);
  t.equal(result, ended);
  t.equal(shown.length, 3);
  t.equal(said, 'task 7 waits until its deadline for offline edges: rome\n');
  t.equal((await followed([ended])).said, '');
});

t.test('an origin that restarts is waited for, and one that is lost is not', async (t) => {
  t.equal((await followed([open, away(), away(), ended])).result, ended);
  const lost = await followed([open, away()]);
  t.match(lost.result, { code: 'origin-unreachable' });
  t.match(lost.said, /task 7 goes on\. .*skerry tasks follow 7/);
  t.ok(lost.now < 15_000, `${lost.now} ms`);
  const never = await followed([away()]);
  t.match([never.result, never.looked], [{ code: 'origin-unreachable' }, 1], 'one that was never there');
});

t.test('an interruption ends the command, and says that the task goes on', async (t) => {
  const controller = new AbortController();
  controller.abort();
  const { said, result } = await followed([open], controller);
  t.match(result, { name: 'AbortError' });
  t.match(said, /task 7 goes on\. .*`skerry tasks cancel 7` ends it\./);
});

t.test('a task that is not there', async (t) => {
  const { result, said } = await followed([new SkerryError('no-such-task', 'there is no task 7')]);
  t.match(result, { code: 'no-such-task' });
  t.equal(said, '');
});

t.test('the exit code says how the task ended', (t) => {
  const codeOf = (one: WholeTask) => {
    try {
      confirmEnd(one);
      return 0;
    } catch (error) {
      t.match(error, { message: /^task 7 / });
      return exitCodeOf(error);
    }
  };
  const failed = share('rome', { state: 'failed', result: { code: 'disk-full', message: 'it is full' } });
  t.equal(codeOf(ended), 0);
  t.equal(codeOf(task([failed], { state: 'failed' })), 1);
  t.equal(codeOf(task([share('a', { state: 'cancelled' })], { state: 'cancelled' })), 1);
  t.equal(codeOf(task([share('a', { state: 'expired' })], { state: 'expired' })), 3);
  const many = task(
    Array.from({ length: 8 }, () => failed),
    { state: 'failed' },
  );
  t.throws(() => confirmEnd(many), { message: /^task 7 failed: rome \(disk-full: it is full\), .* 3 other/ });
  t.end();
});
