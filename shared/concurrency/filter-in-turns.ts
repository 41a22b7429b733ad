import { setImmediate as nextTurn } from 'node:timers/promises';

const MOST_MS = 10;

/**
 * The items that pass. What else the process does gets its turn in between: how long it takes to judge so many
 * may be up to who published them.
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
