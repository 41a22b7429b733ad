import type { NeededObject, StagedObject } from '../../store/catalog.ts';

/**
 * Finds, for each new object, the old object that is probably an earlier version of it. That is the object that its
 * path held before. For a new path, it is the object of a removed path whose name differs only in its fingerprint
 * (`app.3f2a.js`, `app.9bc1.js`), or that had the same name in another folder. The result is keyed by the digest of the
 * new object.
 */
export function matchBases(
  objects: readonly StagedObject[],
  removals: readonly { readonly path: string; readonly object: NeededObject }[],
): Map<string, NeededObject> {
  const byStem = groupBy(removals, ({ path }) => stem(path));
  const byName = groupBy(removals, ({ path }) => stem(baseName(path)));
  const bases = new Map<string, NeededObject>();
  for (const { path, digest, size, before } of objects) {
    if (bases.has(digest)) continue;
    const candidates = byStem.get(stem(path)) ?? byName.get(stem(baseName(path))) ?? [];
    const base = before ?? closest(candidates, size);
    if (base !== undefined && base.digest !== digest && base.size > 0) bases.set(digest, base);
  }
  return bases;
}

/**
 * The path without the fingerprint in its last segment. A fingerprint is four or more characters, at least one of which
 * is a digit.
 */
export function stem(path: string): string {
  return path.replace(/([.-])(?=[0-9A-Za-z_]*[0-9])[0-9A-Za-z_]{4,}(?=(\.[0-9A-Za-z]+)+$)/, '$1*');
}

const baseName = (path: string) => path.slice(path.lastIndexOf('/') + 1);

function closest(
  candidates: readonly { readonly object: NeededObject }[],
  size: number,
): NeededObject | undefined {
  let best: NeededObject | undefined;
  for (const { object } of candidates) {
    if (best === undefined || Math.abs(object.size - size) < Math.abs(best.size - size)) best = object;
  }
  return best;
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
}
