import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { SkerryError, systemCode } from '../../shared/errors.ts';

/** The maximum length of a token, which is many times the length of a real one. */
const MOST_BYTES = 4096;

/**
 * Reads a token from the value of a flag: the token itself, `@FILE`, or `-` for standard input. `@FILE` and `-` exist
 * because every user of the machine can see command lines.
 */
export async function namedToken(text: string, input: Readable = process.stdin): Promise<string> {
  if (text === '-') return firstBytes(input, 'standard input');
  if (!text.startsWith('@')) return text;
  const file = text.slice(1);
  return firstBytes(createReadStream(file), file);
}

async function firstBytes(source: Readable, name: string): Promise<string> {
  const pieces: Buffer[] = [];
  let held = 0;
  try {
    for await (const piece of source) {
      pieces.push(Buffer.from(piece as Uint8Array | string));
      held += pieces.at(-1)?.length ?? 0;
      if (held > MOST_BYTES)
        throw new SkerryError('bad-config', `${name} has more bytes than a token can have`);
    }
  } catch (cause) {
    if (cause instanceof SkerryError) throw cause;
    throw new SkerryError('bad-config', `the token cannot be read from ${name}: ${systemCode(cause)}`, {
      cause,
    });
  }
  const token = Buffer.concat(pieces).toString('utf8').trim();
  if (token === '') throw new SkerryError('bad-config', `there is no token in ${name}`);
  return token;
}
