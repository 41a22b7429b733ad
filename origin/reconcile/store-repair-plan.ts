import type { Digest } from '../../shared/content/digest.ts';
import { MOST_UPLOADED } from '../../shared/work/upload-objects.ts';

/** An object that the store lacks, and the names of sites that refer to it. */
export interface LostObject {
  readonly digest: Digest;
  readonly size: number;
  readonly sites: readonly string[];
}

/** An edge that may hold lost objects. */
export interface Holder {
  readonly name: string;
  /** Whether the edge is online, and neither paused, drained nor diverged. */
  readonly isHealthy: boolean;
  /** Whether the edge supports tasks that upload objects. */
  readonly canUpload: boolean;
  /** Whether the edge follows the origin directly, and so certainly reaches it. */
  readonly isDirect: boolean;
  /** Whether it holds every object of its sites. */
  readonly isFull: boolean;
  /** The edge replicates the sites that are in each of these lists. Without a list, it replicates all. */
  readonly siteLists: readonly (readonly string[])[];
  readonly load: number;
}

/** A request to an edge for some objects. */
export interface UploadRequest {
  readonly edge: string;
  readonly objects: readonly LostObject[];
}

export interface StoreRepairPlan {
  readonly requests: readonly UploadRequest[];
  /** Objects that no edge has sent, although every edge that may hold them was asked. */
  readonly unobtainable: readonly LostObject[];
}

export interface StoreRepairState {
  readonly lost: readonly LostObject[];
  readonly holders: readonly Holder[];
  /** The objects that an edge is asked for now. */
  readonly asked: ReadonlyMap<string, ReadonlySet<Digest>>;
  /** The edges that were asked for the object and did not send it. */
  readonly failedAt: (digest: Digest) => ReadonlySet<string>;
}

/** The maximum bytes of one request, so that it ends in time. A larger object gets its own request. */
const MOST_BYTES = 1024 * 1024 * 1024;

/**
 * Decides which edge is asked for which object: the best edge that may hold it and has not failed to send it. An edge
 * has one request at a time. It learns only the names of objects of sites that it replicates.
 */
export function planStoreRepair({ lost, holders, asked, failedAt }: StoreRepairState): StoreRepairPlan {
  const open = new Set([...asked.values()].flatMap((digests) => [...digests]));
  const candidates = candidatesFor(lost, holders);
  const byEdge = new Map<string, LostObject[]>();
  const unobtainable: LostObject[] = [];
  for (const object of lost) {
    if (open.has(object.digest)) continue;
    const failed = failedAt(object.digest);
    const best = candidates(object).find((edge) => !failed.has(edge));
    if (best === undefined) unobtainable.push(object);
    else if (!asked.has(best)) addTo(byEdge, best, object);
  }
  const requests = [...byEdge].map(([edge, objects]) => ({ edge, objects: fitting(objects) }));
  return { requests, unobtainable };
}

function byRank(a: Holder, b: Holder): number {
  return (
    Number(b.isDirect) - Number(a.isDirect) ||
    Number(b.isFull) - Number(a.isFull) ||
    a.load - b.load ||
    (a.name < b.name ? -1 : 1)
  );
}

/**
 * The names of the edges that may hold an object, the best first. Objects of the same sites share one list. Of an
 * edge's sites, only those with lost objects are considered, because an edge may name a thousand sites.
 */
function candidatesFor(
  lost: readonly LostObject[],
  holders: readonly Holder[],
): (object: LostObject) => readonly string[] {
  const wanted = new Set(lost.flatMap(({ sites }) => sites));
  const ranked = holders
    .filter(({ isHealthy, canUpload }) => isHealthy && canUpload)
    .sort(byRank)
    .map(({ name, siteLists }) => ({
      name,
      lists: siteLists.map((sites) => new Set(sites.filter((site) => wanted.has(site)))),
    }));
  const bySites = new Map<string, readonly string[]>();
  return ({ sites }) => {
    const key = sites.join(' ');
    const known = bySites.get(key);
    if (known !== undefined) return known;
    const names = ranked
      .filter(({ lists }) => sites.some((site) => lists.every((list) => list.has(site))))
      .map(({ name }) => name);
    bySites.set(key, names);
    return names;
  };
}

function addTo(all: Map<string, LostObject[]>, edge: string, object: LostObject): void {
  const own = all.get(edge);
  if (own === undefined) all.set(edge, [object]);
  else own.push(object);
}

/** The first objects that fit into one request, at least one. Later requests name the others. */
function fitting(objects: readonly LostObject[]): LostObject[] {
  let bytes = 0;
  return objects.slice(0, MOST_UPLOADED).filter(({ size }, at) => {
    bytes += size;
    return at === 0 || bytes <= MOST_BYTES;
  });
}
