import { pruningIndexes } from '../../../shared/content/manifest/sqlite/pruning.ts';
import { manifestTables } from '../../../shared/content/manifest/sqlite/schema.ts';
import type { Migrations } from '../../../shared/sqlite/open.ts';

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

  `
  ALTER TABLE chain ADD COLUMN signed_head TEXT;

  ALTER TABLE site ADD COLUMN policy TEXT;
  -- the path prefixes whose objects are whole at the active revision; null for all
  ALTER TABLE site ADD COLUMN covers TEXT;
  -- the staged revision whose objects are whole: only its activation is missing
  ALTER TABLE site ADD COLUMN prepared INTEGER;
  -- revisions that may become active, in the order of the log; those up to the active one are dropped
  CREATE TABLE activation (
    site INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    root TEXT NOT NULL,
    time INTEGER NOT NULL,
    mode TEXT NOT NULL,
    now INTEGER NOT NULL,
    PRIMARY KEY (site, seq)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO activation SELECT id, target_seq, target, target_root, 0, 'async', 0 FROM site
    WHERE target <> active AND target_root IS NOT NULL;
  -- the revision of a synchronous publish that is neither activated nor aborted
  CREATE TABLE proposal (site INTEGER PRIMARY KEY, seq INTEGER NOT NULL, revision INTEGER NOT NULL, root TEXT NOT NULL) STRICT;
  -- how many files the origin signed for a revision
  CREATE TABLE announced (site INTEGER NOT NULL, revision INTEGER NOT NULL, files INTEGER NOT NULL,
    PRIMARY KEY (site, revision)) STRICT, WITHOUT ROWID;
  -- revisions that were whole here: what diffs and rollbacks may start from
  CREATE TABLE held (site INTEGER NOT NULL, revision INTEGER NOT NULL, PRIMARY KEY (site, revision)) STRICT, WITHOUT ROWID;
  INSERT INTO held SELECT id, active FROM site WHERE active > 0;
  CREATE TABLE member (name TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO member SELECT json_extract(json_extract(json, '$.payload'), '$.name'), json_extract(json, '$.payload')
    FROM record WHERE json_extract(json, '$.kind') = 'member';
  ${pruningIndexes}
  -- objects that lost their last entry and are still in the store
  CREATE TABLE removal (digest BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
  `,

  `
  -- signing keys that others have replaced: they sign nothing more
  ALTER TABLE chain ADD COLUMN retired TEXT NOT NULL DEFAULT '[]';
  `,

  `
  -- when it was superseded, in milliseconds; null for the active one
  ALTER TABLE held ADD COLUMN ended INTEGER;
  UPDATE held SET ended = 0 WHERE revision <> (SELECT active FROM site WHERE id = held.site);
  `,

  `
  -- revisions up to its own answer for what it names no more
  CREATE TABLE purge (
    seq INTEGER PRIMARY KEY,
    site INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    target TEXT NOT NULL,
    -- null until it is carried out
    receipt TEXT,
    sent INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  `,

  `
  -- what the wall clock was ahead of the origin's when both were last compared, in milliseconds
  ALTER TABLE chain ADD COLUMN clock_offset INTEGER NOT NULL DEFAULT 0;
  `,

  `
  -- of former revisions none up to this one answers for what the target names
  CREATE TABLE ended (site INTEGER NOT NULL, revision INTEGER NOT NULL, target TEXT NOT NULL) STRICT;
  CREATE INDEX ended_site ON ended (site, revision);
  INSERT INTO ended SELECT site, max(revision), '{"all":true,"paths":[],"globs":[],"tags":[]}' FROM purge GROUP BY site;
  DROP TABLE purge;
  CREATE TABLE purge (
    seq INTEGER PRIMARY KEY,
    site INTEGER NOT NULL,
    -- null for everything, and when it is carried out
    target TEXT,
    -- null until it is carried out; the row goes when the origin has it
    receipt TEXT
  ) STRICT;
  CREATE INDEX purge_pending ON purge (site, seq) WHERE receipt IS NULL;
  CREATE INDEX purge_done ON purge (seq) WHERE receipt IS NOT NULL;
  `,

  `
  -- the upstream took this edge for no member the last time
  ALTER TABLE chain ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;
  `,
];
