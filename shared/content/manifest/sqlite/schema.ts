import { LEAVES, NODES, OPEN } from '../ranges.ts';

export const manifestTables = `
  CREATE TABLE entry (
    id INTEGER PRIMARY KEY,
    site INTEGER NOT NULL,
    leaf INTEGER NOT NULL,
    path TEXT NOT NULL,
    from_rev INTEGER NOT NULL,
    to_rev INTEGER NOT NULL,
    digest BLOB NOT NULL,
    size INTEGER NOT NULL,
    chunks BLOB,
    type TEXT NOT NULL,
    meta TEXT NOT NULL,
    time INTEGER NOT NULL,
    hash BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX entry_path ON entry (site, leaf, path, from_rev);
  CREATE INDEX entry_from ON entry (site, from_rev);
  CREATE INDEX entry_to ON entry (site, to_rev) WHERE to_rev < ${OPEN};

  -- level ${NODES} has the nodes by their numbers, level ${LEAVES} the leaves
  CREATE TABLE bucket (
    site INTEGER NOT NULL,
    level INTEGER NOT NULL,
    number INTEGER NOT NULL,
    from_rev INTEGER NOT NULL,
    to_rev INTEGER NOT NULL,
    digest BLOB NOT NULL,
    PRIMARY KEY (site, level, number, from_rev)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX bucket_from ON bucket (site, from_rev);
  CREATE INDEX bucket_to ON bucket (site, to_rev) WHERE to_rev < ${OPEN};
`;
