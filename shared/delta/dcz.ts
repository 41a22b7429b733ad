import type { Readable, TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, ZstdDecompress } from 'node:zlib';
import { type Digest, digestBytes, digestFromBytes, digestOf } from '../content/digest.ts';
import { SkerryError, systemCode } from '../errors.ts';

/** How bytes are sent: as a delta against a dictionary that both sides hold, compressed, or unchanged. */
export type Coding = 'dcz' | 'zstd' | 'identity';

/** The head of a zstd skippable frame of 32 bytes (RFC 9842 section 5). The frame carries the dictionary's digest. */
const MAGIC = Buffer.from('5e2a4d1820000000', 'hex');
const HEADER_BYTES = MAGIC.length + 32;

/** The value of `Available-Dictionary` (RFC 9842 section 2.2): a byte sequence of RFC 9651 section 3.3.5. */
export function availableDictionary(digest: Digest): string {
  return `:${digestBytes(digest).toString('base64')}:`;
}

/** The digest of the dictionary that a caller holds. Undefined when the header is absent or names no SHA-256. */
export function parseAvailableDictionary(header: string | undefined): Digest | undefined {
  const base64 = /^ *:([A-Za-z0-9+/]{43}=): *$/.exec(header ?? '')?.[1];
  return base64 === undefined ? undefined : digestFromBytes(Buffer.from(base64, 'base64'));
}

const FORMATTED = Buffer.from('37a430ec', 'hex');

/** False for bytes that libzstd would read as a trained dictionary (RFC 8878 section 5) instead of as raw content. */
export function isRawDictionary(bytes: Uint8Array): boolean {
  return FORMATTED.compare(bytes.subarray(0, FORMATTED.length)) !== 0;
}

/** The 40 bytes in front of the zstd frame. */
export function dczHeader(dictionary: Uint8Array): Buffer {
  return Buffer.concat([MAGIC, digestBytes(digestOf(dictionary))], HEADER_BYTES);
}

const MIB = 1024 * 1024;

/**
 * The maximum size of the content, and of the dictionary, for which a delta is made. Both ends hold both in memory, the
 * encoder takes up to half a second, and libzstd indexes at most 32 MiB of a dictionary.
 */
export const MAX_DELTA_SIDE = 32 * MIB;

/**
 * How far back in the content a decoder must be able to look, in bytes: 8 MiB, or 1.25 times a larger dictionary, up to
 * 128 MiB (RFC 9842 section 5; RFC 9659 when there is no dictionary).
 */
export function largestWindow(dictionaryBytes: number): number {
  return Math.max(8 * MIB, Math.min(128 * MIB, Math.floor(1.25 * dictionaryBytes)));
}

/**
 * Decodes `body`. A body that is cut off, too corrupt to decode, or made with another dictionary fails with
 * `upstream-protocol`. A failure of `body` itself passes through. The decoded bytes are not proved yet: the caller
 * checks their digest.
 */
export function decoded(body: Readable, coding: Coding, dictionary: Buffer | undefined): Readable {
  if (coding === 'identity') return body;
  const decoder = coding === 'zstd' ? new Decoder() : new DeltaDecoder(dictionary);
  // The decoder passes a failure of either side on to its reader.
  pipeline(body, decoder).catch(() => {});
  return decoder;
}

/** The size of a zstd block, which is the most that a decoder hands out at once. */
const PIECE_BYTES = 128 * 1024;
/**
 * The maximum number of encoded bytes that may arrive without any content. A block is at most a few bytes longer than
 * its content.
 */
const MOST_EMPTY = 8 * PIECE_BYTES;

class Decoder extends ZstdDecompress {
  #empty = 0;

  constructor(dictionary?: Buffer) {
    const window = largestWindow(dictionary?.length ?? 0);
    super({
      chunkSize: PIECE_BYTES,
      // The decoder refuses a frame that claims a larger window before it allocates memory for it.
      params: { [constants.ZSTD_d_windowLogMax]: Math.ceil(Math.log2(window)) },
      ...(dictionary === undefined ? {} : { dictionary }),
    });
  }

  // Without this limit, a peer could send empty frames for ever.
  override _transform(piece: Buffer, encoding: BufferEncoding, done: TransformCallback): void {
    this.#empty += piece.length;
    if (this.#empty > MOST_EMPTY)
      done(new SkerryError('upstream-protocol', 'an answer continues without content'));
    else super._transform(piece, encoding, done);
  }

  override push(piece: unknown, encoding?: BufferEncoding): boolean {
    this.#empty = 0;
    return super.push(piece, encoding);
  }

  // Both the errors of zlib and those of the pipeline pass through here before the reader gets them.
  override destroy(error?: Error): this {
    return super.destroy(isUndecodable(error) ? undecodable(error) : error);
  }
}

function isUndecodable(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'Z_BUF_ERROR' || code?.startsWith('ZSTD_error_') === true;
}

function undecodable(cause: unknown): SkerryError {
  return new SkerryError('upstream-protocol', 'an answer is cut off, or is not valid zstd', {
    cause,
  });
}

/**
 * Strips the header itself. While no bytes of the body arrive, a separate stage for the header would not notice that
 * the reader has disconnected.
 */
class DeltaDecoder extends Decoder {
  readonly #header: Buffer | undefined;
  /** The part of the header that has arrived. Undefined once the header is checked. */
  #head: Buffer | undefined = Buffer.alloc(0);

  constructor(dictionary: Buffer | undefined) {
    const raw = dictionary !== undefined && isRawDictionary(dictionary) ? dictionary : undefined;
    super(raw);
    this.#header = raw && dczHeader(raw);
  }

  override _transform(piece: Buffer, encoding: BufferEncoding, done: TransformCallback): void {
    const frame = this.#head === undefined ? piece : this.#afterHeader(Buffer.concat([this.#head, piece]));
    if (frame instanceof SkerryError) done(frame);
    else if (frame === undefined) done();
    else super._transform(frame, encoding, done);
  }

  override _flush(done: TransformCallback): void {
    if (this.#head === undefined) super._flush(done);
    else done(new SkerryError('upstream-protocol', 'a delta is cut off in its header'));
  }

  /** The bytes after the header, an error when the header is wrong, or undefined while the header is incomplete. */
  #afterHeader(head: Buffer): Buffer | SkerryError | undefined {
    this.#head = head;
    if (head.length < HEADER_BYTES) return undefined;
    if (this.#header?.equals(head.subarray(0, HEADER_BYTES)) !== true) {
      return new SkerryError('upstream-protocol', 'a delta is not made with the dictionary that was offered');
    }
    this.#head = undefined;
    return head.subarray(HEADER_BYTES);
  }
}
