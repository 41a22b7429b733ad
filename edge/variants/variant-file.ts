import { join } from 'node:path';
import type { Migrations } from '../../shared/sqlite/open.ts';

/**
 * The SQLite file that holds all variants. It is separate from the catalog. One thread writes it, and serving processes
 * read it. Lost variants are made again.
 */
export const variantFile = (dataFolder: string) => join(dataFolder, 'variants.sqlite');

export const migrations: Migrations = [
  `
  CREATE TABLE variant (
    id INTEGER PRIMARY KEY,
    source BLOB NOT NULL,
    coding TEXT NOT NULL,
    -- of the encoded bytes; null when they would not pay
    digest BLOB,
    size INTEGER NOT NULL,
    -- null for one that was published: the object store has it
    bytes BLOB
  ) STRICT;
  CREATE UNIQUE INDEX variant_source ON variant (source, coding);
  CREATE INDEX variant_digest ON variant (digest) WHERE digest IS NOT NULL;
  -- up to which revision of a site all that can be compressed has been looked at
  CREATE TABLE progress (site INTEGER PRIMARY KEY, revision INTEGER NOT NULL) STRICT;
  `,
];
