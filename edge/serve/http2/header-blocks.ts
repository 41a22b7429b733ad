import { Decoder } from '../hpack/decoder.ts';
import { HeaderBomb, HpackError } from '../hpack/hpack-error.ts';
import { type FieldKind, fieldKind, STATIC_FIELDS } from './field-kind.ts';
import { ConnectionError, ErrorCode } from './frames.ts';
import { KnownHeads } from './known-heads.ts';
import { type HeaderField, requestOf, type StreamRequest } from './stream-request.ts';

/** The same limit as in HTTP/1.1, counted as for `SETTINGS_MAX_HEADER_LIST_SIZE`. */
export const MOST_LIST_BYTES = 16 * 1024;
/** A block may be larger than its list only by mistake. The client learns the limit from the settings. */
const MOST_BLOCK_BYTES = 2 * MOST_LIST_BYTES;
const MOST_FRAGMENTS = 8;

/** The head of a request as its block says it. */
export type Head =
  | { readonly kind: 'request'; readonly request: StreamRequest }
  | { readonly kind: 'malformed' }
  /** The fields are more than this server reads. */
  | { readonly kind: 'too-large' };

/** A header block whose frames have not all arrived. */
interface Begun {
  readonly id: number;
  readonly flags: number;
  readonly fragments: Buffer[];
  bytes: number;
}

/** A whole header block. */
export interface Block {
  readonly id: number;
  /** The flags of its HEADERS frame. */
  readonly flags: number;
  readonly bytes: Buffer;
}

/** Puts the header blocks of a connection together and decodes them. */
export class HeaderBlocks {
  readonly #decoder = new Decoder<FieldKind>({
    kindOf: fieldKind,
    staticFields: STATIC_FIELDS,
    mostListBytes: MOST_LIST_BYTES,
  });
  /** Undefined before the first head: many connections have only one, and then wait for long. */
  #known: KnownHeads | undefined;
  #begun: Begun | undefined;

  /** The stream whose block has begun. */
  get id(): number | undefined {
    return this.#begun?.id;
  }

  begin(id: number, flags: number, first: Buffer): void {
    this.#begun = { id, flags, fragments: [Buffer.from(first)], bytes: first.length };
  }

  /** Adds a fragment, and returns the block if it was the last one. */
  add(fragment: Buffer, isLast: boolean): Block | undefined {
    const begun = this.#begun;
    if (begun === undefined) return undefined;
    begun.bytes += fragment.length;
    // A block that is not decoded would leave the tables of both sides different, so the connection has to end.
    if (begun.bytes > MOST_BLOCK_BYTES || begun.fragments.length >= MOST_FRAGMENTS)
      throw new ConnectionError(ErrorCode.enhanceYourCalm, 'a header block is too large');
    begun.fragments.push(Buffer.from(fragment));
    if (!isLast) return undefined;
    this.#begun = undefined;
    return { id: begun.id, flags: begun.flags, bytes: Buffer.concat(begun.fragments) };
  }

  /** Decodes the head of a request. */
  head(from: Buffer, start: number, end: number): Head {
    const known = this.#known?.find(from, start, end);
    if (known !== undefined) return { kind: 'request', request: known };
    const { version } = this.#decoder;
    const fields = this.fields(from, start, end);
    if (this.#decoder.listBytes > MOST_LIST_BYTES) return { kind: 'too-large' };
    const request = requestOf(fields);
    if (request === undefined) return { kind: 'malformed' };
    if (this.#known === undefined) this.#known = new KnownHeads(this.#decoder);
    else if (request.plain !== undefined) this.#known.remember(from, start, end, version, request);
    return { kind: 'request', request };
  }

  /** Frees what the next requests can do without. */
  rest(): void {
    this.#known = undefined;
  }

  /** Decodes any block. */
  fields(from: Buffer, start: number, end: number): HeaderField[] {
    try {
      return this.#decoder.decode(from, start, end);
    } catch (error) {
      if (error instanceof HpackError) throw new ConnectionError(ErrorCode.compression, error.message);
      if (error instanceof HeaderBomb) throw new ConnectionError(ErrorCode.enhanceYourCalm, error.message);
      throw error;
    }
  }
}
