import type { Digest } from '../content/digest.ts';
import { SMALL_OBJECT } from '../content/small-object.ts';
import type { ObjectStore } from './object-store.ts';

/**
 * Stores an object that is in memory and has been checked. It is durable when the promise resolves. A larger object is
 * written to the draft of the name `draft`; the caller ensures that there is no other writer of that draft.
 */
export async function storeWhole(
  store: ObjectStore,
  digest: Digest,
  bytes: Buffer,
  draft: string = digest,
): Promise<void> {
  if (bytes.length <= SMALL_OBJECT) return store.putSmall([{ digest, bytes }]);
  const whole = await store.draft(draft);
  await whole.truncate(0);
  await whole.append(bytes);
  await whole.keep(digest);
}
