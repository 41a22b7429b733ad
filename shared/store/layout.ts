import { join } from 'node:path';
import type { Digest } from '../content/digest.ts';

/** Where the file store keeps things. Known to its writer and to the serving processes that read beside it. */
export const smallObjectsFile = (folder: string) => join(folder, 'small.sqlite');
export const draftsFolder = (folder: string) => join(folder, 'drafts');
/** Of an object that comes in chunk by chunk, in no order: unlike other drafts it is of no use to a later process. */
export const fillName = (digest: Digest, id: string) => `fill-${digest}-${id}`;
export const isFillName = (name: string) => name.startsWith('fill-');
export const largeFolder = (folder: string) => join(folder, 'large');
export const largeObjectFile = (folder: string, digest: Digest) =>
  join(largeFolder(folder), digest.slice(0, 2), digest);
