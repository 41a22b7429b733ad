import { read } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Digest } from '../../shared/content/digest.ts';
import { SkerryError, systemCode } from '../../shared/errors.ts';
import type { ByteSpan } from '../../shared/store/byte-span.ts';
import { draftsFolder, largeObjectFile } from '../../shared/store/layout.ts';

const readFile = promisify(read);

/** Opens the file of a partial object, or the object's own file if the object has become complete. */
export async function openPartial(folder: string, fileName: string, digest: Digest): Promise<FileHandle> {
  for (const file of [join(draftsFolder(folder), fileName), largeObjectFile(folder, digest)]) {
    try {
      return await open(file, 'r');
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
    }
  }
  throw new SkerryError('no-such-object', `the object ${digest} is gone`);
}

/** Reads the bytes of a span, all of which the file must have. */
export async function readSpan(fd: number, { start, end }: ByteSpan): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(end - start);
  for (let at = 0; at < bytes.length; ) {
    const { bytesRead } = await readFile(fd, bytes, at, bytes.length - at, start + at);
    if (bytesRead === 0) throw new SkerryError('no-such-object', 'the file of an object is too short');
    at += bytesRead;
  }
  return bytes;
}
