import type { Digest } from '../content/digest.ts';
import { SMALL_OBJECT } from '../content/small-object.ts';
import type { ObjectStore } from './object-store.ts';

/**
 * Stores an object that is in memory and has been checked; durable when it resolves. `draft` is the name of the draft
 * that a larger one is written to: the caller sees to it that nobody else writes to it.
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
