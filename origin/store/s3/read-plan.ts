import type { Digest } from '../../../shared/content/digest.ts';

/** The place of an object within a pack. */
export interface Located {
  readonly digest: Digest;
  readonly key: string;
  readonly offset: number;
  readonly size: number;
}

/** One request: a range of a pack, and the objects in the range. */
export interface PackRead {
  readonly key: string;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  readonly objects: readonly Located[];
}

/** It takes less time to read a gap of this length than to send another request. */
const GAP = 256 * 1024;
const MOST = 4 * 1024 * 1024;

interface Growing extends PackRead {
  end: number;
  readonly objects: Located[];
}

/**
 * The smallest number of requests that read all objects without many unneeded bytes. An empty object needs no request.
 */
export function planReads(objects: readonly Located[]): PackRead[] {
  const reads: Growing[] = [];
  for (const [key, inPack] of Map.groupBy(objects, (object) => object.key)) {
    let last: Growing | undefined;
    for (const object of inPack.toSorted((a, b) => a.offset - b.offset)) {
      if (object.size === 0) continue;
      const end = object.offset + object.size;
      if (last !== undefined && object.offset - last.end <= GAP && end - last.start <= MOST) {
        last.end = Math.max(last.end, end);
        last.objects.push(object);
      } else {
        last = { key, start: object.offset, end, objects: [object] };
        reads.push(last);
      }
    }
  }
  return reads;
}
