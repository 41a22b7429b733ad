import { type Static, Type } from 'typebox';
import { SMALL_OBJECT } from '../content/small-object.ts';
import { SkerryError } from '../errors.ts';

/**
 * POST /v1/sites/:site/objects takes many small objects in one body. For each object, the body has the size (u32,
 * big-endian) and the bytes, as in a bundle of the feed. It has no digests, because the receiver computes them from the
 * bytes.
 */
export const MAX_UPLOAD_OBJECTS = 100_000;
/** The maximum bytes of a whole body, after decompression. */
export const MAX_UPLOAD_BYTES = 256 * 1024 * 1024;

export const uploadedSchema = Type.Object({
  objects: Type.Integer({ description: 'Objects received, including those that the origin already had.' }),
  bytes: Type.Integer({ description: 'The total size of these objects.' }),
});
export type Uploaded = Static<typeof uploadedSchema>;

const HEADER = 4;
const PIECE = 64 * 1024;

/** The body that carries the objects, in pieces large enough to be worth a system call. */
export async function* bundlePieces(objects: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let waiting: Uint8Array[] = [];
  let held = 0;
  for await (const bytes of objects) {
    const size = Buffer.alloc(HEADER);
    size.writeUInt32BE(bytes.length);
    waiting.push(size, bytes);
    held += HEADER + bytes.length;
    if (held < PIECE) continue;
    yield Buffer.concat(waiting, held);
    waiting = [];
    held = 0;
  }
  if (held > 0) yield Buffer.concat(waiting, held);
}

/**
 * The objects of a body; those that arrive in one piece are yielded together. Throws `bad-request` if an object is not
 * small, `too-large` if the body exceeds a limit, and `truncated-upload` if the end is missing.
 */
export async function* objectsOfBundle(body: AsyncIterable<Uint8Array>): AsyncGenerator<readonly Buffer[]> {
  // Pieces are joined only when enough of them have arrived. Otherwise a body that arrives in single bytes would be
  // copied again and again.
  let pieces: Uint8Array[] = [];
  let held = 0;
  let needed = HEADER;
  let taken = 0;
  let count = 0;
  for await (const piece of body) {
    taken += piece.length;
    if (taken > MAX_UPLOAD_BYTES) {
      throw new SkerryError('too-large', `a bundle has at most ${MAX_UPLOAD_BYTES} bytes, unpacked`);
    }
    pieces.push(piece);
    held += piece.length;
    if (held < needed) continue;
    const cut = cutObjects(Buffer.concat(pieces, held));
    count += cut.objects.length;
    if (count > MAX_UPLOAD_OBJECTS) {
      throw new SkerryError('too-large', `a bundle has at most ${MAX_UPLOAD_OBJECTS} objects`);
    }
    if (cut.objects.length > 0) yield cut.objects;
    pieces = [cut.rest];
    held = cut.rest.length;
    needed = cut.needed;
  }
  if (held > 0) {
    throw new SkerryError('truncated-upload', `the bundle ends within its object number ${count + 1}`);
  }
}

interface Cut {
  readonly objects: readonly Buffer[];
  /** The bytes of an object that is not complete yet. */
  readonly rest: Buffer;
  /** The length that `rest` must reach before the next step. */
  readonly needed: number;
}

function cutObjects(bytes: Buffer): Cut {
  const objects: Buffer[] = [];
  let at = 0;
  while (bytes.length - at >= HEADER) {
    const size = bytes.readUInt32BE(at);
    if (size > SMALL_OBJECT) {
      throw new SkerryError(
        'bad-request',
        `an object of ${size} bytes is too large for a bundle: PUT objects above ${SMALL_OBJECT} bytes one by one`,
      );
    }
    const end = at + HEADER + size;
    if (end > bytes.length) return { objects, rest: bytes.subarray(at), needed: HEADER + size };
    objects.push(bytes.subarray(at + HEADER, end));
    at = end;
  }
  return { objects, rest: bytes.subarray(at), needed: HEADER };
}
