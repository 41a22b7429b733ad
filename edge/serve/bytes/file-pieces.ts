import { close } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Digest } from '../../../shared/content/digest.ts';
import { ByteCache } from '../../../shared/process/byte-cache.ts';
import type { ByteSpan } from '../../../shared/store/byte-span.ts';
import { readSpan } from '../../read-through/partial-file.ts';
import { pieceAt, pieceStream } from '../../read-through/pieces.ts';
import { Pace } from './pace.ts';
import { SharedTurns } from './shared-turns.ts';

/** Memory for pieces that several readers share when they read one object at about the same pace. */
const SHARED_BYTES = 32 * 1024 * 1024;
/** Roughly the memory of all streams together. If there are fewer streams, they get larger pieces. */
const STREAMS_BYTES = 64 * 1024 * 1024;
const LEAST_BYTES = 32 * 1024;
const MOST_BYTES = 1024 * 1024;
/** The largest piece of a partial object. Its reader waits until the whole piece has arrived. */
const MOST_COMING_BYTES = 256 * 1024;

export interface FileRange {
  readonly digest: Digest;
  readonly size: number;
  /** The descriptor, which stays open until the stream is closed. */
  readonly fd: number;
  readonly range: ByteSpan;
  /** Resolves when the file has the span. Undefined for a complete file. */
  readonly ready?: (span: ByteSpan) => Promise<void>;
  readonly closed: () => void;
}

/** Streams of large objects from their files. */
export class FilePieces {
  readonly #shared = new ByteCache<string, Buffer>({
    bytes: SHARED_BYTES,
    sizeOf: ({ length }) => length,
  });
  readonly #reading = new Map<string, Promise<Buffer>>();
  readonly #turns = new SharedTurns();
  #streams = 0;

  stream({ digest, size, fd, range, ready, closed }: FileRange): Readable {
    this.#streams++;
    const pace = new Pace(LEAST_BYTES);
    const most = ready === undefined ? MOST_BYTES : MOST_COMING_BYTES;
    return pieceStream({
      range,
      pieceBytes: () => pace.next(this.#pieceBytes(most), performance.now()),
      ready,
      read: (span) => this.#read(digest, size, fd, span),
      closed: () => {
        this.#streams--;
        closed();
      },
    });
  }

  /** Forgets all shared pieces, so that readers who begin later get no bytes that were read before this call. */
  forgetAll(): void {
    this.#shared.clear();
    this.#reading.clear();
  }

  /** The piece of a partial object that its next stream needs before it can send its first byte. */
  firstPiece({ start, end }: ByteSpan): ByteSpan {
    return pieceAt(start, end, LEAST_BYTES);
  }

  /** The size is a power of two, so that streams that began at different times can share the pieces that they read. */
  #pieceBytes(most: number): number {
    let bytes = most;
    while (bytes > LEAST_BYTES && bytes * this.#streams > STREAMS_BYTES) bytes /= 2;
    return bytes;
  }

  async #read(digest: Digest, size: number, fd: number, span: ByteSpan): Promise<Buffer> {
    const key = `${digest} ${span.start} ${span.end}`;
    if (this.#shared.get(key) !== undefined) await this.#turns.take(span.end - span.start);
    // A piece that waits for its turn is not held, so the cache may have evicted it.
    const known = this.#shared.get(key) ?? this.#reading.get(key);
    if (known !== undefined) return known;
    const reading = readSpan(fd, span);
    // A span that begins or ends within a piece belongs to one range, so no other reader can share it.
    const isShared = span.start % LEAST_BYTES === 0 && (span.end % LEAST_BYTES === 0 || span.end === size);
    if (!isShared) return reading;
    this.#reading.set(key, reading);
    try {
      const bytes = await reading;
      if (this.#reading.get(key) === reading) this.#shared.set(key, bytes);
      return bytes;
    } finally {
      if (this.#reading.get(key) === reading) this.#reading.delete(key);
    }
  }
}

export function closeFile(fd: number): void {
  close(fd, () => {});
}
