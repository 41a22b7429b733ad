import type { DatabaseSync } from 'node:sqlite';
import { SkerryError } from '../../errors.ts';
import { statements } from '../../sqlite/open.ts';
import { type Digest, digestBytes, digestFromBytes } from '../digest.ts';

/** Bytes of a digest that name an object in a bundle's request. */
export const SHORT_NAME = 8;

const OF_SITES = 'site IN (SELECT value FROM json_each(?))';

/** The objects that entries name. */
export interface ObjectNames {
  /**
   * An object of some entry of these sites, or of any for null, for each name; undefined where there is none. Two may
   * share a name: callers compare.
   */
  objectsNamed(names: readonly Uint8Array[], sites: readonly number[] | null): (Digest | undefined)[];
  /** Whether some entry of these sites names the object, as content or as a chunk list. */
  isNamedIn(digest: Digest, sites: readonly number[]): boolean;
  /** All that entries of any revision of any site name, chunk lists too, in pages from 0 on; some more than once. */
  allObjects(after: number, limit: number): { readonly digests: Digest[]; readonly next: number | undefined };
}

export function openObjectNames(database: DatabaseSync): ObjectNames {
  const sql = statements(database);
  const last = Buffer.alloc(32, 0xff);
  return {
    objectsNamed(names, sites) {
      const find = 'SELECT digest FROM entry WHERE digest BETWEEN ? AND ?';
      const query = sites === null ? sql(`${find} LIMIT 1`) : sql(`${find} AND ${OF_SITES} LIMIT 1`);
      const siteList = sites === null ? [] : [JSON.stringify(sites)];
      return names.map((name) => {
        const row = query.get(name, Buffer.concat([name, last.subarray(name.length)]), ...siteList);
        return row === undefined ? undefined : digestFromBytes(row.digest as Uint8Array);
      });
    },

    isNamedIn: (digest, sites) =>
      ['digest', 'chunks'].some(
        (column) =>
          sql(`SELECT 1 FROM entry WHERE ${column} = ? AND ${OF_SITES} LIMIT 1`).get(
            digestBytes(digest),
            JSON.stringify(sites),
          ) !== undefined,
      ),

    allObjects(after, limit) {
      const rows = sql('SELECT id, digest, chunks FROM entry WHERE id > ? ORDER BY id LIMIT ?').all(
        after,
        limit,
      );
      return {
        digests: rows
          .flatMap(({ digest, chunks }) => (chunks === null ? [digest] : [digest, chunks]))
          .map((bytes) => digestFromBytes(bytes as Uint8Array)),
        next: rows.length === limit ? (rows.at(-1)?.id as number) : undefined,
      };
    },
  };
}

/** The short names of objects, one after another, as base64url. */
export function encodeNames(digests: readonly Digest[]): string {
  return Buffer.concat(digests.map((digest) => Buffer.from(digest.slice(0, 2 * SHORT_NAME), 'hex'))).toString(
    'base64url',
  );
}

/** Throws `bad-request` for what is not whole names in the one form that `encodeNames` gives them. */
export function decodeNames(text: string): Buffer[] {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length % SHORT_NAME !== 0 || bytes.toString('base64url') !== text)
    throw new SkerryError('bad-request', `an object is named by ${SHORT_NAME} bytes`);
  return Array.from({ length: bytes.length / SHORT_NAME }, (_, i) =>
    bytes.subarray(i * SHORT_NAME, (i + 1) * SHORT_NAME),
  );
}
