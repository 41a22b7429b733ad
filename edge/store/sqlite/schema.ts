import { pruningIndexes } from '../../../shared/content/manifest/sqlite/pruning.ts';
import { manifestTables } from '../../../shared/content/manifest/sqlite/schema.ts';
import type { Migrations } from '../../../shared/sqlite/open.ts';

export const migrations: Migrations = [
  `
  CREATE TABLE record (seq INTEGER PRIMARY KEY, json TEXT NOT NULL) STRICT;
  -- one row: the position in the log, and what the next record must follow
  CREATE TABLE chain (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    log TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    hash TEXT NOT NULL,
    key TEXT NOT NULL,
    recovery TEXT NOT NULL,
    -- the highest sequence number that a head of the origin has named
    head INTEGER NOT NULL,
    signed_head TEXT,
    -- signing keys that were replaced and may sign nothing more
    retired TEXT NOT NULL DEFAULT '[]',
    -- how far the wall clock was ahead of the origin's when the two were last compared, in milliseconds
    clock_offset INTEGER NOT NULL DEFAULT 0,
    -- whether the upstream last refused this edge as a non-member
    refused INTEGER NOT NULL DEFAULT 0,
    -- whether the origin has signed that it has revoked this edge
    revoked INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE member (name TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE site (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    domains TEXT NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0,
    policy TEXT NOT NULL,
    -- the revision that is whole here and served
    active INTEGER NOT NULL DEFAULT 0,
    active_root TEXT,
    active_seq INTEGER NOT NULL DEFAULT 0,
    -- the abort after which this edge shows the active revision again, if there was one
    returned_seq INTEGER,
    -- which objects are whole at the active revision; null for all
    covers TEXT,
    -- the revision that is being staged, and its root once that is proved
    staging INTEGER,
    staging_root TEXT,
    -- the staged revision whose objects are whole: only its activation is missing
    prepared INTEGER
  ) STRICT;
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
  -- the revision of a synchronous publish that is neither activated nor aborted
  CREATE TABLE proposal (
    site INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    root TEXT NOT NULL
  ) STRICT;
  -- how many files the origin signed for a revision
  CREATE TABLE announced (
    site INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    files INTEGER NOT NULL,
    PRIMARY KEY (site, revision)
  ) STRICT, WITHOUT ROWID;
  -- revisions that were whole here: diffs and rollbacks may start from them
  CREATE TABLE held (
    site INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    -- when it was superseded, in milliseconds; null for the active one
    ended INTEGER,
    -- the cover in its newest receipt; null before it has one
    covered TEXT,
    -- the record that its newest receipt answers
    covered_seq INTEGER,
    PRIMARY KEY (site, revision)
  ) STRICT, WITHOUT ROWID;

  -- the aliases as the log has them. shown is the revision that readers may see under one here, or 0
  CREATE TABLE alias (
    site INTEGER NOT NULL,
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    root TEXT NOT NULL,
    seq INTEGER NOT NULL,
    files INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    shown INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (site, name)
  ) STRICT, WITHOUT ROWID;
  -- the rollout that the log has begun. ready: the revision was whole here once. activated: the log has made it live,
  -- and this edge has not yet made it active
  CREATE TABLE rollout (
    site INTEGER PRIMARY KEY,
    revision INTEGER NOT NULL,
    root TEXT NOT NULL,
    seq INTEGER NOT NULL,
    files INTEGER NOT NULL,
    base INTEGER NOT NULL,
    -- JSON: names of edges, and paths
    edges TEXT NOT NULL,
    paths TEXT NOT NULL,
    ready INTEGER NOT NULL DEFAULT 0,
    activated INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  -- revisions whose manifests are whole here although they need not be active: aliases or rollouts name them, or a
  -- later one was taken in before they become active
  CREATE TABLE kept (
    site INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    -- which of its objects were whole; null before they were fetched
    covers TEXT,
    -- whether they are still known to be whole
    whole INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (site, revision)
  ) STRICT, WITHOUT ROWID;

  ${manifestTables}
  ${pruningIndexes}
  -- objects that lost their last entry and are still in the store
  CREATE TABLE removal (digest BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
  -- objects that were fetched for a site ahead of its first revision, and when the last of them were
  CREATE TABLE ahead (
    site INTEGER PRIMARY KEY,
    objects INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    time INTEGER NOT NULL
  ) STRICT;
  -- those objects and their chunk lists. They stay in the store while they are here
  CREATE TABLE ahead_object (digest BLOB PRIMARY KEY, site INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX ahead_object_site ON ahead_object (site);

  -- purges that are not carried out yet; a null target stands for everything
  CREATE TABLE purge (seq INTEGER PRIMARY KEY, site INTEGER NOT NULL, target TEXT) STRICT;
  CREATE INDEX purge_site ON purge (site, seq);
  -- no former revision up to this one answers for what the target names
  CREATE TABLE ended (site INTEGER NOT NULL, revision INTEGER NOT NULL, target TEXT NOT NULL) STRICT;
  CREATE INDEX ended_site ON ended (site, revision);

  -- statements that this edge has signed and the origin has not acknowledged: one for each kind and subject
  CREATE TABLE statement (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL CHECK (length(subject) <= 200),
    -- the statement goes with this site; null for one that is about no single site
    site INTEGER,
    body TEXT NOT NULL,
    UNIQUE (kind, subject)
  ) STRICT;
  `,
];
