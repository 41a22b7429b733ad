import { join } from 'node:path';
import type { Digest } from '../content/digest.ts';

/** The layout of the file store. Its writer and the serving processes that read it beside the writer share it. */
export const smallObjectsFile = (folder: string) => join(folder, 'small.sqlite');
export const draftsFolder = (folder: string) => join(folder, 'drafts');
/** Of an object that comes in chunk by chunk, in no order: unlike other drafts it is of no use to a later process. */
export const fillName = (digest: Digest, id: string) => `fill-${digest}-${id}`;
export const isFillName = (name: string) => name.startsWith('fill-');
export const largeFolder = (folder: string) => join(folder, 'large');
export const largeObjectFile = (folder: string, digest: Digest) =>
  join(largeFolder(folder), digest.slice(0, 2), digest);
