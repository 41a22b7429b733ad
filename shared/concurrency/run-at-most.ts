import { JobQueue } from './job-queue.ts';

/**
 * Runs the jobs, at most `atOnce` in parallel. After the first failure no further job begins; the call rejects when the
 * jobs that had begun have ended.
 */
export async function runAtMost(atOnce: number, jobs: readonly (() => Promise<void>)[]): Promise<void> {
  const queue = new JobQueue(atOnce);
  for (const job of jobs) queue.add(job);
  await queue.ended();
}
