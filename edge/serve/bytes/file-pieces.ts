import { close } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Digest } from '../../../shared/content/digest.ts';
import { ByteCache } from '../../../shared/process/byte-cache.ts';
import type { ByteSpan } from '../../../shared/store/byte-span.ts';
import { readSpan } from '../../read-through/partial-file.ts';
import { pieceAt, pieceStream } from '../../read-through/pieces.ts';
import { Pace } from './pace.ts';

/** Readers who follow one object at about the same pace share what is read of its file. */
const SHARED_BYTES = 32 * 1024 * 1024;
/** What all streams together hold of files, roughly: the fewer there are, the more is read at once for each. */
const STREAMS_BYTES = 64 * 1024 * 1024;
const LEAST_BYTES = 32 * 1024;
const MOST_BYTES = 1024 * 1024;
/** Of an object that is coming in: its reader waits for all of a piece. */
const MOST_COMING_BYTES = 256 * 1024;

export interface FileRange {
  readonly digest: Digest;
  readonly size: number;
  /** It stays open until the stream is closed. */
  readonly fd: number;
  readonly range: ByteSpan;
  /** Resolves when the span is in the file; for a file that is whole, not given. */
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

  /** Nothing that was read before is sent to readers who come from now on. */
  forgetAll(): void {
    this.#shared.clear();
    this.#reading.clear();
  }

  /** What the next stream of a file that is coming in needs before its first byte can be sent. */
  firstPiece({ start, end }: ByteSpan): ByteSpan {
    return pieceAt(start, end, LEAST_BYTES);
  }

  /** A power of two, so that streams of different times share what they read. */
  #pieceBytes(most: number): number {
    let bytes = most;
    while (bytes > LEAST_BYTES && bytes * this.#streams > STREAMS_BYTES) bytes /= 2;
    return bytes;
  }

  async #read(digest: Digest, size: number, fd: number, span: ByteSpan): Promise<Buffer> {
    const key = `${digest} ${span.start} ${span.end}`;
    const known = this.#shared.get(key) ?? this.#reading.get(key);
    if (known !== undefined) return known;
    const reading = readSpan(fd, span);
    // What begins or ends in the middle of a piece is of one range alone.
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
