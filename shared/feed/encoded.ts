import { BUNDLE_OBJECT, encodeBundleItem, MAX_BUNDLE_BYTES } from '../bundle.ts';
import { MAX_DELTA_SIDE } from '../delta/dcz.ts';
import type { Encoded } from '../delta/encodings.ts';
import { type Digest, digestOf } from '../digest.ts';
import { SkerryError } from '../errors.ts';
import { decodeNames } from '../manifest/object-names.ts';
import type { ObjectStore } from '../store/object-store.ts';
import type { FeedSource } from './feed-source.ts';

type Parts = Pick<FeedSource, 'objects' | 'held' | 'encodings' | 'manifests'>;

/**
 * What identifies an encoding: what was asked for and what it is coded against. A parent that forwards an
 * encoding and the origin that made it agree on it.
 */
export function encodingKey(names: string, dictionary: Digest | undefined): string {
  return `${digestOf(names)} ${dictionary ?? ''}`;
}

/**
 * A bundle of objects, coded against the concatenation of the objects named in `dictionary` when they are all
 * held here and have the digest that the follower announced.
 */
export function encodedBundle(
  { objects, held, encodings, manifests }: Parts,
  names: string,
  dictionary: string,
  announced: Digest | undefined,
): Promise<Encoded> {
  return encodings.encode(encodingKey(names, announced), async () => {
    const wanted = await manifests.objectsNamed(decodeNames(names), null);
    const content = Buffer.concat((await readAll(objects, wanted)).map((found) => encodeBundleItem(found)));
    if (announced === undefined) return { content, dictionary: null };
    const bases = await manifests.objectsNamed(decodeNames(dictionary), null);
    return { content, dictionary: await dictionaryBytes(held, bases, announced) };
  });
}

/** One object, coded where that pays; undefined for one that is too large or not here yet, which travels as it is. */
export async function encodedObject(
  { held, encodings }: Pick<Parts, 'held' | 'encodings'>,
  digest: Digest,
  size: number,
  announced: Digest | undefined,
): Promise<Encoded | undefined> {
  if (size > MAX_DELTA_SIDE || (await held.missing([digest])).length > 0) return undefined;
  const encoded = await encodings.encode(encodingKey(digest, announced), async () => ({
    content: await heldObject(held, digest),
    dictionary: announced === undefined ? null : await dictionaryBytes(held, [announced], announced),
  }));
  return encoded.coding === 'identity' ? undefined : encoded;
}

async function dictionaryBytes(
  objects: ObjectStore,
  digests: readonly (Digest | undefined)[],
  announced: Digest,
): Promise<Buffer | null> {
  const pieces: Buffer[] = [];
  let total = 0;
  const small = await objects.readSmall(digests.filter((digest) => digest !== undefined));
  for (const digest of digests) {
    const bytes = digest && (small.get(digest) ?? (await readWhole(objects, digest, MAX_DELTA_SIDE)));
    total += bytes?.length ?? 0;
    if (bytes === undefined || total > MAX_DELTA_SIDE) return null;
    pieces.push(bytes);
  }
  const bytes = Buffer.concat(pieces);
  return digestOf(bytes) === announced ? bytes : null;
}

/** The objects of at most BUNDLE_OBJECT bytes among the digests, in their order. Throws `bad-request` beyond the limit. */
async function readAll(
  objects: ObjectStore,
  digests: readonly (Digest | undefined)[],
): Promise<(Buffer | undefined)[]> {
  const small = await objects.readSmall(digests.filter((digest) => digest !== undefined));
  const found: (Buffer | undefined)[] = [];
  let total = 0;
  for (const digest of digests) {
    const bytes = digest && (small.get(digest) ?? (await readLarger(objects, digest)));
    total += bytes?.length ?? 0;
    if (total > MAX_BUNDLE_BYTES)
      throw new SkerryError('bad-request', `a bundle has at most ${MAX_BUNDLE_BYTES} bytes`);
    found.push(bytes);
  }
  return found;
}

async function readLarger(objects: ObjectStore, digest: Digest): Promise<Buffer | undefined> {
  const size = await objects.size(digest);
  return size === undefined || size > BUNDLE_OBJECT ? undefined : readWhole(objects, digest, BUNDLE_OBJECT);
}

/** Undefined for what is not held, or is larger than `most`. */
async function readWhole(objects: ObjectStore, digest: Digest, most: number): Promise<Buffer | undefined> {
  const stream = await objects.open(digest);
  if (stream === undefined) return undefined;
  const pieces: Buffer[] = [];
  let held = 0;
  for await (const piece of stream) {
    pieces.push(piece as Buffer);
    held += (piece as Buffer).length;
    if (held > most) return undefined;
  }
  return Buffer.concat(pieces, held);
}

async function heldObject(objects: ObjectStore, digest: Digest): Promise<Buffer> {
  const bytes = await readWhole(objects, digest, MAX_DELTA_SIDE);
  if (bytes === undefined) throw new SkerryError('no-such-object', `the object ${digest} is not held here`);
  return bytes;
}
