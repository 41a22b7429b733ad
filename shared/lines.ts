import { SkerryError } from './errors.ts';

/**
 * Splits a byte stream at line feeds, holding at most one line of `most` bytes. The last line needs no line
 * feed; an empty line is skipped.
 */
export async function* lines(source: AsyncIterable<Uint8Array>, most: number): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  let held = 0;
  for await (const piece of source) {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    let start = 0;
    for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, start)) {
      if (held + end - start > most) throw tooLong(most);
      const line = Buffer.concat([...rest, bytes.subarray(start, end)]).toString('utf8');
      rest = [];
      held = 0;
      start = end + 1;
      if (line !== '') yield line;
    }
    if (start < bytes.length) {
      rest.push(bytes.subarray(start));
      held += bytes.length - start;
      if (held > most) throw tooLong(most);
    }
  }
  if (held > 0) yield Buffer.concat(rest).toString('utf8');
}

function tooLong(most: number): SkerryError {
  return new SkerryError('too-large', `a line is longer than ${most} bytes`);
}
