/** Time as a dependency, so that tests can turn it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds that never jump; only differences mean anything. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The monotonic clock that all processes of a machine share; Node's `performance.now` begins anew in each. */
export function machineTime(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

export const systemClock: Clock = {
  now: Date.now,
  monotonic: machineTime,
  // Node's own makes an error with a stack for each sleep that is broken off, which some are a hundred times a second.
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
