import { SkerryError } from '../errors.ts';

/** An answer's body as text, whose sender may be anybody. Throws `upstream-protocol` where it is longer than that. */
export async function boundedText(
  body: AsyncIterable<Uint8Array> | null,
  mostBytes: number,
): Promise<string> {
  const pieces: Uint8Array[] = [];
  let held = 0;
  for await (const piece of body ?? []) {
    held += piece.length;
    if (held > mostBytes) throw new SkerryError('upstream-protocol', 'an answer is too long');
    pieces.push(piece);
  }
  return Buffer.concat(pieces, held).toString('utf8');
}
