import { join } from 'node:path';
import type { Digest } from '../digest.ts';

/** Where the file store keeps things. Known to its writer and to the serving processes that read beside it. */
export const smallObjectsFile = (folder: string) => join(folder, 'small.sqlite');
export const draftsFolder = (folder: string) => join(folder, 'drafts');
export const largeFolder = (folder: string) => join(folder, 'large');
export const largeObjectFile = (folder: string, digest: Digest) =>
  join(largeFolder(folder), digest.slice(0, 2), digest);
