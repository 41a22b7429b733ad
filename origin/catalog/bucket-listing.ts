import type { ListPosition, ListQuery } from './bucket-calls.ts';

/** Paths have no control characters, so no path is between a path and the path with this one appended. */
const NEXT = '\u0001';
const LAST = 0x10ffff;

/** The position behind a name, which is that of an object or a common prefix. An empty name is the beginning. */
export function positionAfter(name: string, { prefix }: ListQuery): ListPosition {
  const next = name === '' ? '' : name + NEXT;
  return { from: compareNames(next, prefix) < 0 ? prefix : next, listed: name };
}

/** The common prefix that stands for a name in a listing. Undefined when the name stands for itself. */
export function commonPrefix(name: string, { prefix, delimiter }: ListQuery): string | undefined {
  if (delimiter === '') return undefined;
  const at = name.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : name.slice(0, at + delimiter.length);
}

/** The first name behind all names that begin with the prefix. Undefined when there is none. */
export function behindAll(prefix: string): string | undefined {
  const points = [...prefix];
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const point = last.codePointAt(0) ?? LAST;
    if (point >= LAST) continue;
    // The code points of surrogates are not characters.
    const next = point + 1 === 0xd800 ? 0xe000 : point + 1;
    return points.join('') + String.fromCodePoint(next);
  }
  return undefined;
}

/** Compares names as S3 and SQLite do: by their UTF-8, which JavaScript's `<` does not do for surrogates. */
export function compareNames(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** A surrogate stands for a character behind U+FFFF. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
