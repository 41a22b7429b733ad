import type { Digest } from '../content/digest.ts';
import { decodeNames } from '../content/manifest/object-names.ts';
import { MAX_DELTA_SIDE } from '../delta/dcz.ts';
import type { Part } from '../delta/encode.worker.ts';
import { bundleKey, type NamedDictionary, objectKey } from '../delta/encoding-key.ts';
import type { Asked, Encoded, Plain } from '../delta/encodings.ts';
import { SkerryError } from '../errors.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { BUNDLE_OBJECT, encodeBundleItem, MAX_BUNDLE_BYTES } from '../wire/bundle.ts';
import type { FeedSource } from './feed-source.ts';
import type { ReadableSites } from './readable-sites.ts';

const BROUGHT_TOGETHER = 256;

type Parts = Pick<FeedSource, 'objectsFor' | 'held' | 'encodings' | 'manifests'>;

/** The member that asks for an encoding, and whether it found the cached encoding wrong. */
export type Asker = Omit<Asked, 'key'>;

/**
 * A bundle of objects. The bundle is encoded against the concatenation of the dictionary's objects if this feed holds
 * all of them and the concatenation has the digest that the follower announced. Damaged objects are sent as absent.
 */
export async function encodedBundle(
  parts: Parts,
  { sites, ...asker }: Asker & { readonly sites: ReadableSites },
  names: string,
  dictionary: NamedDictionary | undefined,
): Promise<Encoded> {
  const { held, encodings, manifests } = parts;
  const objects = parts.objectsFor(asker.member);
  const [wanted, bases] = [decodeNames(names), decodeNames(dictionary?.names ?? '')];
  if (objects !== held) await bring(parts, objects, wanted, sites);
  return encodings.encode({ ...asker, key: bundleKey(names, dictionary, sites) }, async (damaged) => {
    const digests = await manifests.objectsNamed(wanted, sites);
    const sound = digests.map((digest) => (digest === undefined || damaged.has(digest) ? undefined : digest));
    const bundle = inOneBundle(sound, await readAll(objects, sound));
    if (dictionary === undefined) return { ...bundle, dictionary: null };
    return {
      ...bundle,
      dictionary: await dictionaryBytes(held, await manifests.objectsNamed(bases, sites), dictionary.digest),
    };
  });
}

/**
 * A lazy edge fetches the missing objects before the encoding takes its turn. Otherwise a slow upstream would delay all
 * requests that wait for a turn.
 */
async function bring(
  { held, manifests }: Parts,
  objects: ObjectStore,
  names: readonly Buffer[],
  sites: ReadableSites,
): Promise<void> {
  const named = (await manifests.objectsNamed(names, sites)).filter((digest) => digest !== undefined);
  const missing = await held.missing(named);
  for (let i = 0; i < missing.length; i += BROUGHT_TOGETHER)
    await objects.readSmall(missing.slice(i, i + BROUGHT_TOGETHER));
}

/**
 * The encoded form of one object. Undefined if encoding does not make the object smaller, if the object is too large,
 * or if this feed does not hold it yet. The object is then sent without encoding.
 */
export async function encodedObject(
  { held, encodings }: Pick<Parts, 'held' | 'encodings'>,
  asker: Asker,
  digest: Digest,
  size: number,
  announced: Digest | undefined,
): Promise<Encoded | undefined> {
  if (size > MAX_DELTA_SIDE || (await held.missing([digest])).length > 0) return undefined;
  const encoded = await encodings.encode({ ...asker, key: objectKey(digest, announced) }, async (damaged) => {
    if (damaged.has(digest)) throw new SkerryError('no-such-object', `the object ${digest} is damaged here`);
    const content = await heldObject(held, digest);
    return {
      content,
      objects: [{ digest, at: 0, size: content.length }],
      dictionary: announced === undefined ? null : await dictionaryBytes(held, [announced], announced),
    };
  });
  return encoded.coding === 'identity' ? undefined : encoded;
}

/** The objects in the given order. Those that this feed does not hold are marked absent. */
function inOneBundle(
  digests: readonly (Digest | undefined)[],
  found: readonly (Buffer | undefined)[],
): Pick<Plain, 'content' | 'objects' | 'isPassing'> {
  const items = found.map((bytes) => encodeBundleItem(bytes));
  const objects: Part[] = [];
  let at = 0;
  for (const [i, item] of items.entries()) {
    const [digest, bytes] = [digests[i], found[i]];
    at += item.length;
    if (digest !== undefined && bytes !== undefined)
      objects.push({ digest, at: at - bytes.length, size: bytes.length });
  }
  return { content: Buffer.concat(items), objects, isPassing: objects.length < items.length };
}

async function dictionaryBytes(
  objects: ObjectStore,
  digests: readonly (Digest | undefined)[],
  announced: Digest,
): Promise<Plain['dictionary']> {
  const pieces: Buffer[] = [];
  let total = 0;
  const small = await objects.readSmall(digests.filter((digest) => digest !== undefined));
  for (const digest of digests) {
    const bytes = digest && (small.get(digest) ?? (await readWhole(objects, digest, MAX_DELTA_SIDE)));
    total += bytes?.length ?? 0;
    if (bytes === undefined || total > MAX_DELTA_SIDE) return null;
    pieces.push(bytes);
  }
  return { bytes: Buffer.concat(pieces), digest: announced };
}

/**
 * Reads the objects of at most BUNDLE_OBJECT bytes among the digests, in their order. Throws `bad-request` when they
 * exceed the size of a bundle.
 */
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

/** Undefined when the object is not held or is larger than `most`. */
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
