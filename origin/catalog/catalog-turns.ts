import { AsyncLocalStorage } from 'node:async_hooks';
import { FairTurns } from '../../shared/concurrency/fair-turns.ts';
import { caller } from '../callers/caller.ts';
import type { Catalog } from './catalog.ts';

/** Calls beyond these are refused with `too-many-requests`. */
const MOST_WAITING = { perOwner: 10_000, inAll: 50_000 };
/** One runs, and the next is there when it ends. */
const AT_ONCE = 2;
const ORIGIN = 'origin';
/** What runs beside the other calls and holds none of them up takes no turn. */
const BESIDE: ReadonlySet<PropertyKey> = new Set<keyof Catalog>(['forecast']);

/**
 * A catalog of one thread takes a call of each caller in turn: a publisher with a thousand requests waits for himself.
 * Calls of one caller are handed on in the order in which they were made, two at a time: the catalog runs them in the
 * order in which it gets them.
 */
export function inTurns(catalog: Catalog): { catalog: Catalog; close(): void } {
  const turns = new FairTurns({ ...MOST_WAITING, atOnce: AT_ONCE });
  const taken = new Proxy(catalog, {
    get(target, method) {
      const call: unknown = Reflect.get(target, method);
      if (typeof call !== 'function' || BESIDE.has(method)) return call;
      return (...args: unknown[]) => {
        // A turn comes in the asynchronous context of whoever had the one before.
        const work = AsyncLocalStorage.bind(() => Promise.resolve(Reflect.apply(call, target, args)));
        return turns.run(caller.getStore()?.name ?? ORIGIN, work);
      };
    },
  });
  return { catalog: taken, close: () => turns.close() };
}
