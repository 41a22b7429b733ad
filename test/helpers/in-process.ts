import type { Remote } from '../../shared/process/thread.ts';

/**
 * Calls the methods of an object as if it lived in a thread: one after another, in the order of the calls, each in its
 * own turn of the event loop. `before` may refuse a call.
 */
export function asRemote<T extends object>(
  target: T,
  before: (method: string, args: readonly unknown[]) => void = () => {},
): Remote<T> {
  const queue: (() => void)[] = [];
  const turn = () => {
    queue.shift()?.();
    if (queue.length > 0) setImmediate(turn);
  };
  const call = (method: string, args: unknown[]) =>
    new Promise((resolve, reject) => {
      if (queue.length === 0) setImmediate(turn);
      queue.push(() => {
        try {
          before(method, args);
          const run = Reflect.get(target, method) as (...args: unknown[]) => unknown;
          resolve(run.apply(target, args));
        } catch (error) {
          reject(error);
        }
      });
    });
  const proxy = new Proxy(
    {},
    {
      get: (_target, method) =>
        typeof method === 'string' && method !== 'then'
          ? (...args: unknown[]) => call(method, args)
          : undefined,
    },
  );
  return proxy as Remote<T>;
}
