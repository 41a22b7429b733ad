import type { Gate } from '../../shared/concurrency/gate.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { ObjectStore } from '../../shared/store/object-store.ts';
import type { DroppedObjects, SweepCalls } from '../catalog/retention-calls.ts';

const SEEN_AT_ONCE = 2000;
/** The number of objects that are removed while the gate is held once. Uploads wait during that time. */
const REMOVED_AT_ONCE = 250;

export interface SweptPlaces {
  readonly catalog: Remote<SweepCalls>;
  readonly store: ObjectStore;
  /**
   * Uploads share the gate, from before they write to the store until the catalog knows their objects. If an upload
   * stored an object after the catalog has deleted it and before the store has removed it, the catalog would have an
   * object that the store lacks. So origins that share a catalog and a store also share the gate.
   */
  readonly gate: Gate;
}

/** Removes unreferenced objects. Between two pages, `goOn` throws when the sweep must end. */
export async function sweepObjects(
  { catalog, store, gate }: SweptPlaces,
  uploadedBefore: number,
  goOn: () => void,
): Promise<DroppedObjects> {
  async function removeNoted(): Promise<void> {
    while (true) {
      const noted = await catalog.removals(REMOVED_AT_ONCE);
      if (noted.length === 0) return;
      await store.remove(noted);
      await catalog.removed(noted);
    }
  }

  const sum = { objects: 0, bytes: 0 };
  // Removes the objects that an earlier run was to remove when it was killed.
  await gate.alone(removeNoted);
  let after: number | undefined = 0;
  while (after !== undefined) {
    const { digests, next } = await seen(catalog, after, uploadedBefore);
    for (let i = 0; i < digests.length; i += REMOVED_AT_ONCE) {
      goOn();
      const dropped = await gate.alone(async () => {
        const forgotten = await catalog.dropObjects(digests.slice(i, i + REMOVED_AT_ONCE), uploadedBefore);
        await removeNoted();
        return forgotten;
      });
      sum.objects += dropped.objects;
      sum.bytes += dropped.bytes;
    }
    goOn();
    after = next;
  }
  return sum;
}

const seen = (catalog: SweptPlaces['catalog'], after: number, uploadedBefore: number) =>
  catalog.unreferenced(after, SEEN_AT_ONCE, uploadedBefore);
