/** How long a process or a thread has little to do before it collects garbage. */
export const QUIET_MS = 10_000;
/** An event loop is quiet if it works for at most this share of the time. */
const QUIET_SHARE = 0.05;

/**
 * Loading and compiling the modules leaves garbage, and V8 would collect it only after the process has allocated many
 * times as much. So this function collects it once, as soon as the event loop is quiet: it takes some dozens of
 * milliseconds, and no request should wait for it. Returns a function that calls it off.
 */
export function collectOnceQuiet(quietMs = QUIET_MS): () => void {
  if (!canCollect()) return () => {};
  let before = performance.eventLoopUtilization();
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    if (utilization > QUIET_SHARE) return;
    clearInterval(timer);
    collectGarbage();
  }, quietMs).unref();
  return () => clearInterval(timer);
}

/** Whether Node was started with `--expose-gc`, as origins and edges are. */
export function canCollect(): boolean {
  return globalThis.gc !== undefined;
}

/** Collects all garbage of this thread, and gives the memory back to the system. */
export function collectGarbage(): void {
  globalThis.gc?.({ type: 'major', flavor: 'last-resort', execution: 'sync' });
}
