/** How long an event loop must have little to do before its garbage is collected. */
export const QUIET_MS = 10_000;
/** An event loop is quiet if it works for at most this share of the time. */
const QUIET_SHARE = 0.05;

/**
 * Loading the modules leaves garbage, and an idle process would keep it forever, because V8 collects only when much is
 * allocated. This function collects it once, as soon as the event loop is quiet: a collection takes some dozens of
 * milliseconds, and requests should not wait for it. Returns a function that cancels it.
 */
export function collectOnceQuiet(quietMs = QUIET_MS, loop: EventLoop = performance): () => void {
  if (!canCollect()) return () => {};
  let before = loop.eventLoopUtilization();
  const timer = setInterval(() => {
    const now = loop.eventLoopUtilization();
    const { utilization } = loop.eventLoopUtilization(now, before);
    before = now;
    if (utilization > QUIET_SHARE) return;
    clearInterval(timer);
    collectGarbage();
  }, quietMs).unref();
  return () => clearInterval(timer);
}

type EventLoop = Pick<typeof performance, 'eventLoopUtilization'>;

/** Node must have been started with `--expose-gc`, as an origin and an edge are. */
export function canCollect(): boolean {
  return globalThis.gc !== undefined;
}

/** Collects all garbage of the calling thread, and gives free memory back to the system. */
export function collectGarbage(): void {
  globalThis.gc?.({ type: 'major', flavor: 'last-resort', execution: 'sync' });
}
