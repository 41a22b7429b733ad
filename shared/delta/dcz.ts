import type { Readable, TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, ZstdDecompress } from 'node:zlib';
import { type Digest, digestBytes, digestFromBytes, digestOf } from '../content/digest.ts';
import { SkerryError, systemCode } from '../errors.ts';

/** How bytes travel: against a dictionary that both sides hold, packed, or as they are. */
export type Coding = 'dcz' | 'zstd' | 'identity';

/** A zstd skippable frame of 32 bytes (RFC 9842 section 5), so the dictionary's digest rides in front. */
const MAGIC = Buffer.from('5e2a4d1820000000', 'hex');
const HEADER_BYTES = MAGIC.length + 32;

/** The value of `Available-Dictionary` (RFC 9842 section 2.2): a byte sequence of RFC 9651 section 3.3.5. */
export function availableDictionary(digest: Digest): string {
  return `:${digestBytes(digest).toString('base64')}:`;
}

/** The dictionary that a caller holds; undefined where the header is absent or does not name a SHA-256. */
export function parseAvailableDictionary(header: string | undefined): Digest | undefined {
  const base64 = /^ *:([A-Za-z0-9+/]{43}=): *$/.exec(header ?? '')?.[1];
  return base64 === undefined ? undefined : digestFromBytes(Buffer.from(base64, 'base64'));
}

const FORMATTED = Buffer.from('37a430ec', 'hex');

/** False for bytes that libzstd would take for a trained dictionary (RFC 8878 section 5) and not as they are. */
export function isRawDictionary(bytes: Uint8Array): boolean {
  return FORMATTED.compare(bytes.subarray(0, FORMATTED.length)) !== 0;
}

/** The 40 bytes before the zstd frame. */
export function dczHeader(dictionary: Uint8Array): Buffer {
  return Buffer.concat([MAGIC, digestBytes(digestOf(dictionary))], HEADER_BYTES);
}

const MIB = 1024 * 1024;

/**
 * Contents and dictionaries up to this many bytes are worth a delta: both are in memory at both ends, the
 * encoder takes up to half a second, and libzstd indexes all of a dictionary of 32 MiB at most.
 */
export const MAX_DELTA_SIDE = 32 * MIB;

/**
 * The bytes that a decoder has to be ready to look back: 8 MiB, or 1.25 times a larger dictionary up to 128 MiB
 * (RFC 9842 section 5; RFC 9659 for no dictionary).
 */
export function largestWindow(dictionaryBytes: number): number {
  return Math.max(8 * MIB, Math.min(128 * MIB, Math.floor(1.25 * dictionaryBytes)));
}

/**
 * The bytes that `body` carries. A body that is cut off, altered beyond decoding, or made with another dictionary
 * fails with `upstream-protocol`; a failure of `body` passes on. What decodes is not yet proved: check its digest.
 */
export function decoded(body: Readable, coding: Coding, dictionary: Buffer | undefined): Readable {
  if (coding === 'identity') return body;
  const decoder = coding === 'zstd' ? new Decoder() : new DeltaDecoder(dictionary);
  // A failure on either side reaches the reader as the decoder's.
  pipeline(body, decoder).catch(() => {});
  return decoder;
}

/** A zstd block: what a decoder can hand out at a time. */
const PIECE_BYTES = 128 * 1024;
/** Coded bytes of which nothing comes: a block is never longer than what it holds, by more than a few bytes. */
const MOST_EMPTY = 8 * PIECE_BYTES;

class Decoder extends ZstdDecompress {
  #empty = 0;

  constructor(dictionary?: Buffer) {
    const window = largestWindow(dictionary?.length ?? 0);
    super({
      chunkSize: PIECE_BYTES,
      // A frame that claims a larger window is refused before memory is taken for it.
      params: { [constants.ZSTD_d_windowLogMax]: Math.ceil(Math.log2(window)) },
      ...(dictionary === undefined ? {} : { dictionary }),
    });
  }

  // Frames that hold nothing, one after another, would be read for ever.
  override _transform(piece: Buffer, encoding: BufferEncoding, done: TransformCallback): void {
    this.#empty += piece.length;
    if (this.#empty > MOST_EMPTY)
      done(new SkerryError('upstream-protocol', 'an answer goes on and holds nothing'));
    else super._transform(piece, encoding, done);
  }

  override push(piece: unknown, encoding?: BufferEncoding): boolean {
    this.#empty = 0;
    return super.push(piece, encoding);
  }

  // What zlib throws and what the pipeline brings both pass here before any reader sees them.
  override destroy(error?: Error): this {
    return super.destroy(isUndecodable(error) ? undecodable(error) : error);
  }
}

function isUndecodable(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'Z_BUF_ERROR' || code?.startsWith('ZSTD_error_') === true;
}

function undecodable(cause: unknown): SkerryError {
  return new SkerryError('upstream-protocol', 'an answer is cut off, or not the zstd that it says', {
    cause,
  });
}

/** Takes the header off itself: a stage of its own would not see a reader leave while the body is silent. */
class DeltaDecoder extends Decoder {
  readonly #header: Buffer | undefined;
  /** The header as far as it arrived; undefined once it is checked. */
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

  /** Undefined until the header is whole. */
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
