import type { Wakeup } from '../../shared/concurrency/wakeup.ts';
import type { Catalog } from './catalog.ts';
import { EFFECTS, type Effect } from './effects.ts';

const effects: ReadonlyMap<unknown, Effect> = new Map(Object.entries(EFFECTS));

/**
 * Wakes the waiters of the log after each call that may have appended to it. It wakes them one turn of the event loop
 * later, so that the caller can first record the result, which the waiters read.
 */
export function wakingAfterAppends(catalog: Catalog, appended: Pick<Wakeup, 'wake'>): Catalog {
  return new Proxy(catalog, {
    get(target, method) {
      const call: unknown = Reflect.get(target, method);
      if (typeof call !== 'function' || effects.get(method) !== 'appends') return call;
      return async (...args: unknown[]) => {
        const result: unknown = await Reflect.apply(call, target, args);
        setImmediate(() => appended.wake());
        return result;
      };
    },
  });
}
