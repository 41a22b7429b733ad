import type { Decoder } from '../hpack/decoder.ts';
import { FieldKind, fieldKind } from './field-kind.ts';
import { type StreamRequest, withTarget } from './stream-request.ts';

/** A browser requests pages, scripts, styles and images in turns, each with its own fields. */
const MOST_HEADS = 4;
/** Longer heads are decoded each time, so that a connection needs little memory for known ones. */
const MOST_BYTES = 2048;
/** Node compares long runs of bytes faster than JavaScript does. */
const LONG = 96;

interface KnownHead {
  /** The bytes before and after the literal of `:path`. */
  readonly before: Buffer;
  readonly after: Buffer;
  readonly hasPath: boolean;
  /** The bytes mean the same as long as the table of the decoder has this version. */
  readonly version: number;
  readonly request: StreamRequest;
}

/**
 * Remembers the last plain GETs of a connection, from the second one on, by their bytes. A client repeats its fields
 * from request to request, so mostly only the path must be decoded.
 */
export class KnownHeads {
  readonly #decoder: Decoder<FieldKind>;
  readonly #heads: KnownHead[] = [];
  #next = 0;

  constructor(decoder: Decoder<FieldKind>) {
    this.#decoder = decoder;
  }

  /** The request that a header block stands for. Undefined if the block must be decoded. */
  find(from: Buffer, start: number, end: number): StreamRequest | undefined {
    for (const head of this.#heads) {
      const { before, after, request, hasPath } = head;
      if (head.version !== this.#decoder.version) continue;
      const pathStart = start + before.length;
      const pathEnd = end - after.length;
      if (pathEnd < pathStart || !holds(from, start, before) || !holds(from, pathEnd, after)) continue;
      if (!hasPath) {
        if (pathStart === end) return request;
        continue;
      }
      const path = this.#decoder.pathBetween(from, pathStart, pathEnd);
      if (path === request.target) return request;
      if (path?.startsWith('/') && fieldKind(':path', path) === FieldKind.path)
        return withTarget(request, path);
    }
    return undefined;
  }

  /** Remembers the block that was decoded last, which began with this version of the table. */
  remember(from: Buffer, start: number, end: number, version: number, request: StreamRequest): void {
    const { pathStart, pathEnd } = this.#decoder;
    // A block that has changed the table means something else from now on.
    if (version !== this.#decoder.version || end - start > MOST_BYTES) return;
    const hasPath = pathEnd !== 0;
    this.#heads[this.#next++ % MOST_HEADS] = {
      before: Buffer.from(from.subarray(start, hasPath ? pathStart : end)),
      after: Buffer.from(from.subarray(hasPath ? pathEnd : end, end)),
      ...{ hasPath, version, request },
    };
  }
}

function holds(from: Buffer, at: number, bytes: Buffer): boolean {
  const { length } = bytes;
  if (length > LONG) return from.compare(bytes, 0, length, at, at + length) === 0;
  for (let i = 0; i < length; i++) if (from[at + i] !== bytes[i]) return false;
  return true;
}
