import { S3Error } from '../protocol/s3-error.ts';
import type { ChunkSignatures } from './chunk-signatures.ts';

/** The longest line: the size of a chunk with its signature, or a trailer. */
const MOST_LINE = 1024;
const MOST_TRAILERS = 8;
/** S3's own limit for the length of an object in one request, which no size of a chunk can exceed. */
const MOST_CHUNK = 5 * 1024 ** 3;
const TRAILER_SIGNATURE = 'x-amz-trailer-signature';

export interface ChunkedBody {
  /** Undefined for chunks without signatures. */
  readonly signatures: ChunkSignatures | undefined;
  /** The trailers, once the body has been read. */
  readonly trailers: Map<string, string>;
}

/**
 * Decodes `aws-chunked`, while it arrives. The caller trusts nothing before the end: a wrong signature is noticed at the
 * end of its chunk.
 */
export async function* decodeChunked(
  body: AsyncIterable<unknown>,
  { signatures, trailers }: ChunkedBody,
): AsyncGenerator<Buffer> {
  const source = new Source(body[Symbol.asyncIterator]() as AsyncIterator<Buffer>);
  while (true) {
    const { size, signature } = chunkHead(await source.line());
    for (let left = size; left > 0; ) {
      const bytes = await source.some(left);
      left -= bytes.length;
      signatures?.update(bytes);
      yield bytes;
    }
    signatures?.endChunk(signature);
    if (size === 0) break;
    if ((await source.line()) !== '') throw malformed();
  }
  await readTrailers(source, signatures, trailers);
}

async function readTrailers(
  source: Source,
  signatures: ChunkSignatures | undefined,
  trailers: Map<string, string>,
): Promise<void> {
  let signed = '';
  let signature: string | undefined;
  for (let count = 0; ; count++) {
    const line = await source.line({ orEnd: true });
    if (line === '') break;
    const [, name = '', value = ''] = /^([A-Za-z0-9-]+)\s*:\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === '' || count >= MOST_TRAILERS) throw malformed();
    if (name.toLowerCase() === TRAILER_SIGNATURE) signature = value;
    else {
      trailers.set(name.toLowerCase(), value);
      signed += `${name.toLowerCase()}:${value}\n`;
    }
  }
  if (signatures !== undefined && (signature !== undefined || trailers.size > 0))
    signatures.endTrailer(signed, signature ?? '');
  if (await source.hasMore()) throw malformed();
}

function chunkHead(line: string): { size: number; signature: string } {
  const [, digits = '', signature = ''] =
    /^([0-9a-f]{1,16})(?:\s*;\s*chunk-signature\s*=\s*([0-9a-f]{64}))?\s*$/i.exec(line) ?? [];
  const size = Number.parseInt(digits, 16);
  if (Number.isNaN(size) || size > MOST_CHUNK) throw malformed();
  return { size, signature };
}

function malformed(): S3Error {
  return new S3Error('IncompleteBody', 'The body is not aws-chunked as announced, or it ended too early.');
}

/** Reads a body by lines and by bytes. */
class Source {
  readonly #pieces: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  constructor(pieces: AsyncIterator<Buffer>) {
    this.#pieces = pieces;
  }

  /** The next line, without its end. With `orEnd`, the end of the body is an empty line. */
  async line({ orEnd = false } = {}): Promise<string> {
    let at = this.#held.indexOf(10);
    while (at < 0) {
      if (this.#held.length > MOST_LINE) throw malformed();
      const before = this.#held;
      if (!(await this.#fill())) {
        if (orEnd && before.length === 0) return '';
        throw malformed();
      }
      this.#held = Buffer.concat([before, this.#held]);
      at = this.#held.indexOf(10, before.length);
    }
    if (at > MOST_LINE) throw malformed();
    const line = this.#held.toString('latin1', 0, at).replace(/\r$/, '');
    this.#held = this.#held.subarray(at + 1);
    return line;
  }

  /** At least one byte, and at most `most`. */
  async some(most: number): Promise<Buffer> {
    if (this.#held.length === 0 && !(await this.#fill())) throw malformed();
    const bytes = this.#held.subarray(0, most);
    this.#held = this.#held.subarray(bytes.length);
    return bytes;
  }

  async hasMore(): Promise<boolean> {
    return this.#held.length > 0 || (await this.#fill());
  }

  async #fill(): Promise<boolean> {
    const { done, value } = await this.#pieces.next();
    this.#held = done ? Buffer.alloc(0) : value;
    return !done && (value.length > 0 || (await this.#fill()));
  }
}
