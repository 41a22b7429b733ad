import t from 'tap';
import { JobQueue } from '../../../../shared/concurrency/job-queue.ts';

/** A job that ends when the test says so. */
function job() {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const state = { hasBegun: false };
  const run = () => {
    state.hasBegun = true;
    return promise;
  };
  return { run, state, end: resolve, fail: reject };
}

const begun = (jobs: readonly ReturnType<typeof job>[]) => jobs.map(({ state }) => state.hasBegun);
const turn = () => new Promise((resolve) => setImmediate(resolve));

t.test('jobs run in order, only so many at once, also those that are added later', async (t) => {
  const queue = new JobQueue(2);
  const jobs = [job(), job(), job()];
  for (const { run } of jobs) queue.add(run);
  t.strictSame(begun(jobs), [true, true, false]);
  const ended = queue.ended();
  jobs[1]?.end();
  await turn();
  t.strictSame(begun(jobs), [true, true, true]);
  const late = job();
  queue.add(late.run);
  for (const { end } of jobs) end();
  await turn();
  t.ok(late.state.hasBegun);
  late.end();
  await ended;
});

t.test('after a failure no job begins, and the failure is thrown when the others have ended', async (t) => {
  const queue = new JobQueue(2);
  const jobs = [job(), job(), job()];
  for (const { run } of jobs) queue.add(run);
  let isOver = false;
  const ended = queue.ended().finally(() => {
    isOver = true;
  });
  ended.catch(() => {});
  jobs[0]?.fail(new Error('broken'));
  await turn();
  t.equal(isOver, false);
  jobs[1]?.end();
  await t.rejects(ended, { message: 'broken' });
  t.strictSame(begun(jobs), [true, true, false]);
});

t.test('cleared jobs do not begin', async (t) => {
  const queue = new JobQueue(1);
  const jobs = [job(), job()];
  for (const { run } of jobs) queue.add(run);
  queue.clear();
  jobs[0]?.end();
  await queue.ended();
  t.strictSame(begun(jobs), [true, false]);
});
