import { type ErrorCode, SkerryError } from '../errors.ts';

/** Reads all bytes of a body. Throws `code` with the message `tooLong` when there are more than `most`. */
export async function wholeBody(
  body: AsyncIterable<Uint8Array>,
  most: number,
  code: ErrorCode,
  tooLong: string,
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let held = 0;
  for await (const piece of body) {
    held += piece.length;
    if (held > most) throw new SkerryError(code, tooLong);
    pieces.push(piece);
  }
  return Buffer.concat(pieces, held);
}

/** Reads a response from an untrusted sender as text. Throws `upstream-protocol` if it is longer than `most` bytes. */
export async function answerText(body: AsyncIterable<Uint8Array> | null, most: number): Promise<string> {
  if (body === null) return '';
  return (await wholeBody(body, most, 'upstream-protocol', 'an answer is too long')).toString('utf8');
}
