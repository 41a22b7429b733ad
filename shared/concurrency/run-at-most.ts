/**
 * Runs the jobs, at most `atOnce` in parallel. After the first failure no further job begins; the call rejects when the
 * jobs that had begun have ended.
 */
export async function runAtMost(atOnce: number, jobs: readonly (() => Promise<void>)[]): Promise<void> {
  const queue = jobs.values();
  let failure: { error: unknown } | undefined;
  const work = async () => {
    for (const job of queue) {
      if (failure !== undefined) return;
      await job().catch((error: unknown) => {
        failure ??= { error };
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, jobs.length) }, work));
  if (failure !== undefined) throw failure.error;
}
