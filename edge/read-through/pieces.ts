import { Readable } from 'node:stream';
import type { ByteSpan } from '../../shared/store/byte-span.ts';

export interface PiecesOf {
  readonly range: ByteSpan;
  /** The size of the next piece. All pieces but the first begin at multiples of it. */
  readonly pieceBytes: () => number;
  /** Resolves when the bytes of a span can be read. Undefined when all of them can. */
  readonly ready: ((span: ByteSpan) => Promise<void>) | undefined;
  readonly read: (span: ByteSpan) => Promise<Buffer>;
  /** Called when the stream needs no more bytes. */
  readonly closed: () => void;
}

/** The piece that begins at `at`, of a range that ends at `end`. */
export function pieceAt(at: number, end: number, pieceBytes: number): ByteSpan {
  return { start: at, end: Math.min((Math.floor(at / pieceBytes) + 1) * pieceBytes, end) };
}

/** A stream of pieces emits this event when its reader has taken a piece and is ready for the next. */
export const TAKEN = 'taken';

/**
 * Streams a range piece by piece. Reads each piece as soon as it is available, but at most one piece ahead of the
 * reader.
 */
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
      // The file stays open during a read. If it were closed, its descriptor could already belong to another file.
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
