import { Readable } from 'node:stream';
import type { ByteSpan } from '../../shared/store/byte-span.ts';

export interface PiecesOf {
  readonly range: ByteSpan;
  /** What is read at once, from places that are multiples of it; asked before each piece. */
  readonly pieceBytes: () => number;
  /** Resolves when the bytes of a span can be read; not given where all can. */
  readonly ready: ((span: ByteSpan) => Promise<void>) | undefined;
  readonly read: (span: ByteSpan) => Promise<Buffer>;
  /** Nothing more of it is wanted. */
  readonly closed: () => void;
}

/** What is read at once from `at` on, of a range that ends there. */
export function pieceAt(at: number, end: number, pieceBytes: number): ByteSpan {
  return { start: at, end: Math.min((Math.floor(at / pieceBytes) + 1) * pieceBytes, end) };
}

/** What a stream of pieces emits whenever its reader has taken one and is there for the next. */
export const TAKEN = 'taken';

/** The bytes of a range, each piece as soon as it can be read, and one ahead of what the reader has taken. */
export function pieceStream({ range, pieceBytes, ready, read, closed }: PiecesOf): Readable {
  let at = range.start;
  let reading: Promise<Buffer> | undefined;
  const stream = new Readable({
    highWaterMark: 1,
    read() {
      this.emit(TAKEN);
      if (at >= range.end) {
        this.push(null);
        return;
      }
      const piece = pieceAt(at, range.end, pieceBytes());
      at = piece.end;
      pushed(piece).catch((error) => this.destroy(error));
    },
    destroy(error, done) {
      // A file that is closed while it is read could be another one by then, under the same number.
      if (reading === undefined) closed();
      else reading.then(closed, closed);
      done(error);
    },
  });
  return stream;

  async function pushed(piece: ByteSpan): Promise<void> {
    await ready?.(piece);
    if (stream.destroyed) return;
    reading = read(piece);
    const bytes = await reading;
    reading = undefined;
    stream.push(bytes);
  }
}
