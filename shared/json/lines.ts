import { SkerryError } from '../errors.ts';

/**
 * Splits a byte stream into lines, and holds at most one line of `most` bytes. The last line may lack its line feed.
 * Empty lines are skipped.
 */
export async function* lines(source: AsyncIterable<Uint8Array>, most: number): AsyncGenerator<string> {
  // The incomplete line. It is one buffer and not a list of pieces, because a sender may cut a line into single bytes.
  let rest = Buffer.alloc(0);
  let held = 0;
  const hold = (bytes: Buffer) => {
    if (held + bytes.length > most) throw tooLong(most);
    if (held + bytes.length > rest.length) {
      const larger = Buffer.allocUnsafe(Math.max(Math.min(2 * rest.length, most), held + bytes.length));
      rest.copy(larger, 0, 0, held);
      rest = larger;
    }
    bytes.copy(rest, held);
    held += bytes.length;
  };
  for await (const piece of source) {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    let start = 0;
    for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, start)) {
      const begin = start;
      start = end + 1;
      if (held === 0) {
        if (end - begin > most) throw tooLong(most);
        if (end > begin) yield bytes.toString('utf8', begin, end);
        continue;
      }
      hold(bytes.subarray(begin, end));
      const line = rest.toString('utf8', 0, held);
      held = 0;
      yield line;
    }
    if (start < bytes.length) hold(bytes.subarray(start));
  }
  if (held > 0) yield rest.toString('utf8', 0, held);
}

function tooLong(most: number): SkerryError {
  return new SkerryError('too-large', `a line is longer than ${most} bytes`);
}
