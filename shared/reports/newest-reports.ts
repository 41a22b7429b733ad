import type { EdgeReport } from '../wire/protocol.ts';

/**
 * The newest report of each edge, in the given order. An older report has no further information, and it would take
 * time to check it.
 */
export function newestOfEach<T extends { readonly report: Pick<EdgeReport, 'time'> }>(
  all: readonly T[],
  nameOf: (one: T) => string,
): T[] {
  const newest = new Map<string, T>();
  for (const one of all) {
    const known = newest.get(nameOf(one));
    if (known === undefined || one.report.time > known.report.time) newest.set(nameOf(one), one);
  }
  return all.filter((one) => newest.get(nameOf(one)) === one);
}
