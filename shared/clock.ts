/** The time, injected so that tests can control it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds that never jump. Only differences between two readings mean anything. */
  monotonic(): number;
  /** Resolves after `ms`. Rejects with the signal's reason when the signal aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/**
 * The monotonic clock, in milliseconds. All processes of a machine share it, whereas Node's `performance.now` starts at
 * zero in each process.
 */
export function machineTime(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

export const systemClock: Clock = {
  now: Date.now,
  monotonic: machineTime,
  // Node's own timer creates an error with a stack for each aborted sleep, and some sleeps are aborted a hundred times
  // a second.
  sleep(ms, signal) {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const breakOff = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', breakOff);
        resolve();
      }, ms);
      signal?.addEventListener('abort', breakOff, { once: true });
    });
  },
};
