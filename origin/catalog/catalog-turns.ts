import { FairTurns } from '../../shared/concurrency/fair-turns.ts';
import { caller } from '../callers/caller.ts';
import type { Catalog } from './catalog.ts';

/** Calls beyond these are refused with `too-many-requests`. */
const MOST_WAITING = { perOwner: 10_000, inAll: 50_000 };
/** One runs, and the next is there when it ends. */
const AT_ONCE = 2;
const ORIGIN = 'origin';

/**
 * The catalog's thread takes a call of each caller in turn: a publisher with a thousand requests waits for himself.
 * Calls of one caller run in the order in which they were made.
 */
export function inTurns(catalog: Catalog): { catalog: Catalog; close(): void } {
  const turns = new FairTurns({ ...MOST_WAITING, atOnce: AT_ONCE });
  const taken = new Proxy(catalog, {
    get(target, method) {
      const call: unknown = Reflect.get(target, method);
      if (typeof call !== 'function') return call;
      return (...args: unknown[]) =>
        turns.run(caller.getStore()?.name ?? ORIGIN, () =>
          Promise.resolve(Reflect.apply(call, target, args)),
        );
    },
  });
  return { catalog: taken, close: () => turns.close() };
}
