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
  /** Whether the edge follows the origin, so that it certainly reaches the origin. */
  readonly isDirect: boolean;
  /** Whether it holds every object of its sites. */
  readonly isFull: boolean;
  /** The sites that the edge replicates and may read. Null for all sites. */
  readonly sites: readonly string[] | null;
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
  /** Whether the edge was asked for the object a while ago and did not send it. */
  readonly hasFailed: (edge: string, digest: Digest) => boolean;
}

/** The most bytes of one request, so that it ends in time. A larger object is asked for alone. */
const MOST_BYTES = 1024 * 1024 * 1024;

/**
 * Decides which edge is asked for which object: the best edge that may hold it and has not failed to send it. An edge
 * has one request at a time. It learns only the names of objects of sites that it replicates.
 */
export function planStoreRepair({ lost, holders, asked, hasFailed }: StoreRepairState): StoreRepairPlan {
  const open = new Set([...asked.values()].flatMap((digests) => [...digests]));
  const ranked = holders.filter(({ isHealthy, canUpload }) => isHealthy && canUpload).sort(byRank);
  const byEdge = new Map<string, LostObject[]>();
  const unobtainable: LostObject[] = [];
  for (const object of lost) {
    if (open.has(object.digest)) continue;
    const best = ranked.find((edge) => mayHold(edge, object) && !hasFailed(edge.name, object.digest));
    if (best === undefined) unobtainable.push(object);
    else if (!asked.has(best.name)) addTo(byEdge, best.name, object);
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

function mayHold({ sites }: Holder, object: LostObject): boolean {
  return object.sites.some((site) => sites === null || sites.includes(site));
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
