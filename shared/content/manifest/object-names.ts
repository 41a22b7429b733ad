import { SkerryError } from '../../errors.ts';
import type { Digest } from '../digest.ts';

/** The bytes of a digest that name an object in the request for a bundle. */
const SHORT_NAME = 8;

/** Finds the objects that entries name. */
export interface ObjectNames {
  /**
   * Finds, for each name, an object that an entry of these sites names, or an entry of any site when `sites` is null.
   * The result is undefined where there is no such object. Two objects may share a name, so callers compare digests.
   */
  objectsNamed(names: readonly Uint8Array[], sites: readonly number[] | null): (Digest | undefined)[];
  /** Whether an entry of these sites names the object, as content or as a chunk list. */
  isNamedIn(digest: Digest, sites: readonly number[]): boolean;
  /**
   * All objects and chunk lists that entries of any site and revision name, page by page from `after` = 0. Some occur
   * more than once.
   */
  allObjects(after: number, limit: number): { readonly digests: Digest[]; readonly next: number | undefined };
}

/** The short names of objects, one after another, as base64url. */
export function encodeNames(digests: readonly Digest[]): string {
  return Buffer.concat(digests.map((digest) => Buffer.from(digest.slice(0, 2 * SHORT_NAME), 'hex'))).toString(
    'base64url',
  );
}

/** Throws `bad-request` unless the text is a list of whole names in the one form that `encodeNames` gives them. */
export function decodeNames(text: string): Buffer[] {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length % SHORT_NAME !== 0 || bytes.toString('base64url') !== text)
    throw new SkerryError('bad-request', `the list of objects must have ${SHORT_NAME} bytes for each object`);
  return Array.from({ length: bytes.length / SHORT_NAME }, (_, i) =>
    bytes.subarray(i * SHORT_NAME, (i + 1) * SHORT_NAME),
  );
}
