import { setImmediate as nextTurn } from 'node:timers/promises';

const MOST_MS = 10;

/**
 * Returns the items that pass, and yields to the event loop in between. A check may be slow, because its duration
 * depends on published data.
 */
export async function filterInTurns<T>(items: Iterable<T>, passes: (item: T) => boolean): Promise<T[]> {
  const passed: T[] = [];
  let began = performance.now();
  for (const item of items) {
    if (passes(item)) passed.push(item);
    if (performance.now() - began < MOST_MS) continue;
    await nextTurn();
    began = performance.now();
  }
  return passed;
}
