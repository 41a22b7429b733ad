import { AsyncLocalStorage } from 'node:async_hooks';
import { FairTurns } from '../../shared/concurrency/fair-turns.ts';
import { caller } from '../callers/caller.ts';
import type { Catalog } from './catalog.ts';

/** Further calls are refused with `too-many-requests`. */
const MOST_WAITING = { perOwner: 10_000, inAll: 50_000 };
/** One call runs, and the next one is ready when it ends. */
const AT_ONCE = 2;
const ORIGIN = 'origin';
/** Calls that run in parallel to all others and do not delay them. Each starts a thread, so only one runs at a time. */
const BESIDE: ReadonlySet<PropertyKey> = new Set<keyof Catalog>(['forecast']);
const BESIDE_TURNS = { perOwner: 4, inAll: 64, atOnce: 1 };

/**
 * In a catalog with one thread, callers take turns, so a publisher with a thousand requests delays only itself. The
 * calls of one caller are passed on in their order, two at a time, and the catalog runs them in the order in which it
 * gets them. A catalog that keeps the order of each caller and shares fairly by itself needs no turns.
 */
export function inTurns(catalog: Catalog): { catalog: Catalog; close(): void } {
  const turns = new FairTurns({ ...MOST_WAITING, atOnce: AT_ONCE });
  const beside = new FairTurns(BESIDE_TURNS);
  const taken = new Proxy(catalog, {
    get(target, method) {
      const call: unknown = Reflect.get(target, method);
      if (typeof call !== 'function') return call;
      const taking = BESIDE.has(method) ? beside : turns;
      return (...args: unknown[]) => {
        // Without this, the call would run in the asynchronous context of the caller that had the turn before.
        const work = AsyncLocalStorage.bind(() => Promise.resolve(Reflect.apply(call, target, args)));
        return taking.run(caller.getStore()?.name ?? ORIGIN, work);
      };
    },
  });
  return {
    catalog: taken,
    close() {
      turns.close();
      beside.close();
    },
  };
}
