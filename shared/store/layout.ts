import { join } from 'node:path';
import type { Digest } from '../content/digest.ts';

/**
 * The layout of the file store. The process that writes the store and the serving processes that read it share this
 * layout.
 */
export const smallObjectsFile = (folder: string) => join(folder, 'small.sqlite');
export const draftsFolder = (folder: string) => join(folder, 'drafts');
/**
 * The file of a partial object. Its chunks arrive in any order, so a later process cannot continue it, unlike other
 * drafts.
 */
export const partialName = (digest: Digest, id: string) => `partial-${digest}-${id}`;
export const isPartialName = (name: string) => name.startsWith('partial-');
export const largeFolder = (folder: string) => join(folder, 'large');
export const largeObjectFile = (folder: string, digest: Digest) =>
  join(largeFolder(folder), digest.slice(0, 2), digest);
