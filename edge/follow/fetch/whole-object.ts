import type { Readable } from 'node:stream';
import type { Digest } from '../../../shared/content/digest.ts';
import { SMALL_OBJECT } from '../../../shared/content/small-object.ts';
import { MAX_DELTA_SIDE } from '../../../shared/delta/dcz.ts';
import { SkerryError } from '../../../shared/errors.ts';
import type { ObjectStore } from '../../../shared/store/object-store.ts';

/** Stores an object that is in memory and has been checked. The caller sees to it that nobody else does so. */
export async function storeWhole(store: ObjectStore, digest: Digest, bytes: Buffer): Promise<void> {
  if (bytes.length <= SMALL_OBJECT) return store.putSmall([{ digest, bytes }]);
  const draft = await store.draft(digest);
  await draft.truncate(0);
  await draft.append(bytes);
  await draft.keep(digest);
}

/** The bytes of a stored object that can be a dictionary. */
export async function wholeObject(store: ObjectStore, digest: Digest): Promise<Buffer> {
  const small = (await store.readSmall([digest])).get(digest);
  if (small !== undefined) return small;
  const stream = await store.open(digest);
  if (stream === undefined) throw new SkerryError('no-such-object', `the object ${digest} is gone`);
  return collected(stream, MAX_DELTA_SIDE, `the object ${digest} is too large for a dictionary`);
}

/** A whole body; throws `corrupt-object` when it is longer than `most`. */
export async function collected(body: Readable, most: number, tooLong: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let held = 0;
  for await (const piece of body) {
    pieces.push(piece as Buffer);
    held += (piece as Buffer).length;
    if (held > most) throw new SkerryError('corrupt-object', tooLong);
  }
  return Buffer.concat(pieces, held);
}
