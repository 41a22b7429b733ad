import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SkerryError } from '../../../shared/errors.ts';

/**
 * Writes a body to a file that has no name any more, so that the system deletes it when it is closed, even after a
 * crash. The caller closes it. Throws `too-large`.
 */
export async function spool(
  body: AsyncIterable<Uint8Array>,
  folder: string,
  most: number,
): Promise<FileHandle> {
  const file = join(folder, `spool-${randomUUID()}`);
  const handle = await open(file, 'wx+', 0o600);
  try {
    await rm(file);
    let written = 0;
    for await (const piece of body) {
      written += piece.length;
      if (written > most) throw new SkerryError('too-large', `a zip has at most ${most} bytes`);
      await handle.writeFile(piece);
    }
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}
