import type { Digest } from '../../../shared/content/digest.ts';
import { BUNDLE_OBJECT, MAX_BUNDLE_OBJECTS } from '../../../shared/wire/bundle.ts';
import type { NeededObject } from '../../store/catalog.ts';

/** The maximum number of bytes of the new objects in one bundle, and of the old objects against which it is encoded. */
const MAX_BYTES = 4 * 1024 * 1024;

/** The objects of one request, and the objects against which the answer may be encoded. */
export interface BundlePlan {
  readonly objects: readonly NeededObject[];
  readonly dictionary: readonly NeededObject[];
}

export interface FetchPlan {
  readonly bundles: readonly BundlePlan[];
  readonly large: readonly { readonly object: NeededObject; readonly base: NeededObject | undefined }[];
}

/**
 * Plans how to fetch each missing object once. Smaller objects are fetched together, in the order of `needed`, and
 * larger ones separately. `bases` maps the digest of a missing object to an object that this edge holds and that is
 * probably similar.
 */
export function planFetch(
  needed: readonly NeededObject[],
  missing: ReadonlySet<Digest>,
  bases: ReadonlyMap<string, NeededObject>,
): FetchPlan {
  const bundles: BundlePlan[] = [];
  const large: { object: NeededObject; base: NeededObject | undefined }[] = [];
  const planned = new Set<Digest>();
  let open = newBundle();
  for (const object of needed) {
    if (!missing.has(object.digest) || planned.has(object.digest)) continue;
    planned.add(object.digest);
    const base = bases.get(object.digest);
    if (object.size > BUNDLE_OBJECT) {
      large.push({ object, base });
      continue;
    }
    // A base that is too large would leave no room for others, so the object is fetched without a base.
    const useful = base !== undefined && base.size <= MAX_BYTES ? base : undefined;
    const isNew = useful !== undefined && !open.dictionary.has(useful.digest);
    const isFull =
      open.objects.length === MAX_BUNDLE_OBJECTS ||
      open.bytes + object.size > MAX_BYTES ||
      open.dictionaryBytes + (isNew ? useful.size : 0) > MAX_BYTES;
    if (isFull && open.objects.length > 0) {
      bundles.push(closed(open));
      open = newBundle();
    }
    open.objects.push(object);
    open.bytes += object.size;
    if (useful === undefined || open.dictionary.has(useful.digest)) continue;
    open.dictionary.set(useful.digest, useful);
    open.dictionaryBytes += useful.size;
  }
  if (open.objects.length > 0) bundles.push(closed(open));
  return { bundles, large };
}

function newBundle() {
  return {
    objects: [] as NeededObject[],
    bytes: 0,
    dictionary: new Map<Digest, NeededObject>(),
    dictionaryBytes: 0,
  };
}

function closed({ objects, dictionary }: ReturnType<typeof newBundle>): BundlePlan {
  return { objects, dictionary: [...dictionary.values()] };
}

/** Those of the bases that this edge holds. */
export function heldBases(
  bases: ReadonlyMap<string, NeededObject>,
  absent: ReadonlySet<Digest>,
): Map<string, NeededObject> {
  return new Map([...bases].filter(([, { digest }]) => !absent.has(digest)));
}

/**
 * Returns a function that says how many bytes no longer need fetching when a digest has arrived: the object's size,
 * multiplied by how often the object is needed.
 */
export function countedOnce(needed: readonly NeededObject[]): (digest: Digest) => number {
  const bytes = new Map<Digest, number>();
  for (const { digest, size } of needed) bytes.set(digest, (bytes.get(digest) ?? 0) + size);
  return (digest) => bytes.get(digest) ?? 0;
}
