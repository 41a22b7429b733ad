import { Readable } from 'node:stream';

/** Bytes in memory, as pieces that are no larger; `taken` is called whenever the reader is there for the next. */
export function* slices(bytes: Buffer, most: number, taken: () => void): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += most) {
    taken();
    yield bytes.subarray(at, at + most);
  }
}

/** Pulls without promises, which `Readable.from` has for each piece. */
export function streamOf(pieces: Generator<Buffer>): Readable {
  return new Readable({
    highWaterMark: 1,
    read() {
      const { value, done } = pieces.next();
      this.push(done ? null : value);
    },
  });
}
