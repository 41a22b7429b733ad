import { manifestTables } from '../../shared/manifest/schema.ts';
import type { Migrations } from '../../shared/sqlite/open.ts';

export const migrations: Migrations = [
  `
  CREATE TABLE record (seq INTEGER PRIMARY KEY, json TEXT NOT NULL) STRICT;
  -- one row: how far the log is taken in and what the next record must follow
  CREATE TABLE chain (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    log TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    hash TEXT NOT NULL,
    key TEXT NOT NULL,
    recovery TEXT NOT NULL,
    -- the highest sequence number that a head of the origin has named
    head INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE site (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    domains TEXT NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0,
    -- what the log says should be live
    target INTEGER NOT NULL DEFAULT 0,
    target_root TEXT,
    target_seq INTEGER NOT NULL DEFAULT 0,
    -- what is whole here and served
    active INTEGER NOT NULL DEFAULT 0,
    active_root TEXT,
    active_seq INTEGER NOT NULL DEFAULT 0,
    -- what is being staged, and whether its root has been proven
    staging INTEGER,
    staging_root TEXT
  ) STRICT;

  ${manifestTables}

  -- receipts that the origin has not acknowledged
  CREATE TABLE receipt (
    site INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    json TEXT NOT NULL,
    sent INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (site, revision)
  ) STRICT, WITHOUT ROWID;
  `,
];
