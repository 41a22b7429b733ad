import { SMALL_OBJECT } from '../../shared/bundle.ts';
import type { Digest } from '../../shared/digest.ts';
import type { NeededObject } from '../store/catalog.ts';

const MAX_OBJECTS = 2048;
const MAX_BYTES = 8 * 1024 * 1024;

export interface FetchPlan {
  /** Groups of small objects, each for one request. */
  readonly bundles: readonly (readonly NeededObject[])[];
  readonly large: readonly NeededObject[];
}

/** How to fetch the objects that are missing: small ones together, each larger one by itself, each once. */
export function planFetch(needed: readonly NeededObject[], missing: ReadonlySet<Digest>): FetchPlan {
  const bundles: NeededObject[][] = [];
  const large: NeededObject[] = [];
  const planned = new Set<Digest>();
  let bytes = 0;
  for (const object of needed) {
    if (!missing.has(object.digest) || planned.has(object.digest)) continue;
    planned.add(object.digest);
    if (object.size > SMALL_OBJECT) {
      large.push(object);
      continue;
    }
    const last = bundles.at(-1);
    if (last === undefined || last.length === MAX_OBJECTS || bytes + object.size > MAX_BYTES) {
      bundles.push([object]);
      bytes = object.size;
    } else {
      last.push(object);
      bytes += object.size;
    }
  }
  return { bundles, large };
}
