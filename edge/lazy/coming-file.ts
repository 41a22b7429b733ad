import { type FileHandle, open } from 'node:fs/promises';
import type { Digest } from '../../shared/digest.ts';
import { SkerryError, systemCode } from '../../shared/errors.ts';
import { fillFile, largeObjectFile } from '../../shared/store/layout.ts';
import type { Span } from './spans.ts';

/** The file of a large object that is coming in, or has just become whole, in the folder of the object store. */
export async function openComing(folder: string, digest: Digest): Promise<FileHandle> {
  for (const file of [fillFile(folder, digest), largeObjectFile(folder, digest)]) {
    try {
      return await open(file, 'r');
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
    }
  }
  throw new SkerryError('no-such-object', `the object ${digest} is gone`);
}

/** The bytes of a span that is there. */
export async function readSpan(file: FileHandle, { start, end }: Span): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(end - start);
  for (let at = 0; at < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, at, bytes.length - at, start + at);
    if (bytesRead === 0) throw new SkerryError('no-such-object', 'the file of an object is cut off');
    at += bytesRead;
  }
  return bytes;
}
