import type { Digest } from '../../../shared/content/digest.ts';
import { MAX_DELTA_SIDE } from '../../../shared/delta/dcz.ts';
import { SkerryError } from '../../../shared/errors.ts';
import { wholeBody } from '../../../shared/json/whole-body.ts';
import type { ObjectStore } from '../../../shared/store/object-store.ts';

/** The bytes of a stored object that is small enough to be a dictionary. */
export async function wholeObject(store: ObjectStore, digest: Digest): Promise<Buffer> {
  const small = (await store.readSmall([digest])).get(digest);
  if (small !== undefined) return small;
  const stream = await store.open(digest);
  if (stream === undefined) throw new SkerryError('no-such-object', `the object ${digest} is gone`);
  const tooLarge = `the object ${digest} is too large for a dictionary`;
  return wholeBody(stream, MAX_DELTA_SIDE, 'corrupt-object', tooLarge);
}
