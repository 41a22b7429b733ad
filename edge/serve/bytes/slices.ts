import { Readable } from 'node:stream';

/**
 * Cuts bytes in memory into pieces of at most `most`. Calls `taken` whenever the reader is ready for the next piece.
 */
export function* slices(bytes: Buffer, most: number, taken: () => void): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += most) {
    taken();
    yield bytes.subarray(at, at + most);
  }
}

/** A stream of the pieces that uses no promises. `Readable.from` would create a promise for each piece. */
export function streamOf(pieces: Generator<Buffer>): Readable {
  return new Readable({
    highWaterMark: 1,
    read() {
      const { value, done } = pieces.next();
      this.push(done ? null : value);
    },
  });
}
