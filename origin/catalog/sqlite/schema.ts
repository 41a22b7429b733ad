import { pruningIndexes } from '../../../shared/content/manifest/sqlite/pruning.ts';
import { manifestTables } from '../../../shared/content/manifest/sqlite/schema.ts';
import type { Migrations } from '../../../shared/sqlite/open.ts';

export const migrations: Migrations = [
  `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE record (
    seq INTEGER PRIMARY KEY,
    hash TEXT NOT NULL,
    json TEXT NOT NULL,
    -- the bytes of json. The index alone tells how many bytes of the log follow a record
    bytes INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX record_bytes ON record (seq, bytes);
  -- the records at which the log may begin
  CREATE TABLE checkpoint (seq INTEGER PRIMARY KEY) STRICT;

  CREATE TABLE site (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    domains TEXT NOT NULL,
    policy TEXT NOT NULL,
    -- the revision that is live, and the highest number that was ever given out
    live INTEGER NOT NULL DEFAULT 0,
    newest INTEGER NOT NULL DEFAULT 0,
    -- the newest revision that is neither a draft nor aborted. The next change builds on it
    tip INTEGER NOT NULL DEFAULT 0,
    -- the highest revision that an alias or a rollout ever had
    named INTEGER NOT NULL DEFAULT 0,
    -- the revision that is being staged, or null. After a crash its rows are unstaged
    staging INTEGER,
    created INTEGER NOT NULL DEFAULT 0,
    -- the changes of S3 clients up to this number are in a revision
    held_done INTEGER NOT NULL DEFAULT 0,
    deleted INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE UNIQUE INDEX site_name ON site (name) WHERE deleted = 0;

  CREATE TABLE revision (
    site INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    root TEXT NOT NULL,
    base INTEGER NOT NULL,
    files INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    message TEXT NOT NULL,
    time INTEGER NOT NULL,
    restores INTEGER,
    mode TEXT NOT NULL,
    -- pending (committed, but never live), draft (not meant to become live by itself), activated or aborted
    state TEXT NOT NULL,
    pinned INTEGER NOT NULL DEFAULT 0,
    -- the record that made it live, which receipts answer. It stays when the log is pruned
    activation TEXT,
    PRIMARY KEY (site, revision)
  ) STRICT, WITHOUT ROWID;

  -- the pointers to revisions that edges show under hosts of their own
  CREATE TABLE alias (
    site INTEGER NOT NULL,
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (site, name)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX alias_expires ON alias (expires);

  -- the newest rollout of each site. state: running, paused, done, failed or aborted
  CREATE TABLE rollout (
    site INTEGER PRIMARY KEY,
    revision INTEGER NOT NULL,
    base INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    -- JSON, see RolloutPolicy
    policy TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    step INTEGER NOT NULL,
    -- JSON: names, ascending
    edges TEXT NOT NULL,
    began INTEGER NOT NULL,
    stepped INTEGER NOT NULL,
    dwell REAL NOT NULL DEFAULT 0,
    ended INTEGER,
    -- JSON, see RolloutEvidence
    evidence TEXT NOT NULL
  ) STRICT;

  ${manifestTables}
  ${pruningIndexes}
  -- the order of a listing. It also tells which rows of a path are valid, so that others need not be read
  CREATE INDEX entry_listing ON entry (site, path, from_rev, to_rev);

  CREATE TABLE object (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL,
    size INTEGER NOT NULL,
    chunks BLOB,
    -- when it was last uploaded. Young objects may belong to a publish that is under way
    touched INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX object_digest ON object (digest);
  CREATE INDEX object_chunks ON object (chunks) WHERE chunks IS NOT NULL;
  -- A digest grants no bytes. A site may refer only to objects that were uploaded to it.
  CREATE TABLE site_object (site INTEGER NOT NULL, digest BLOB NOT NULL, PRIMARY KEY (site, digest)) STRICT, WITHOUT ROWID;
  CREATE INDEX site_object_digest ON site_object (digest);
  -- objects that the catalog has forgotten and the store has yet to remove
  CREATE TABLE removal (digest BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
  -- objects and chunk lists that the store must not have until they are stored again
  CREATE TABLE damaged (digest BLOB PRIMARY KEY, size INTEGER NOT NULL, found INTEGER NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE deploy (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    site INTEGER NOT NULL,
    base INTEGER,
    expect INTEGER,
    created INTEGER NOT NULL,
    files INTEGER NOT NULL DEFAULT 0,
    result TEXT,
    -- the request that opened it, so that a repeated one finds it: its token, its Idempotency-Key, and what it asked
    key_token TEXT,
    key TEXT,
    print TEXT,
    -- the commit of this deploy has the changes of S3 clients up to this number
    held INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX deploy_key ON deploy (key_token, key) WHERE key IS NOT NULL;
  CREATE INDEX deploy_open ON deploy (site, number) WHERE result IS NULL AND created > 0;
  CREATE INDEX deploy_given_up ON deploy (number) WHERE created = 0;
  -- a null digest deletes the path
  CREATE TABLE deploy_file (
    deploy INTEGER NOT NULL,
    leaf INTEGER NOT NULL,
    path TEXT NOT NULL,
    digest BLOB,
    size INTEGER NOT NULL,
    -- null when the name of the file decides
    type TEXT,
    -- as in entry
    meta TEXT NOT NULL,
    PRIMARY KEY (deploy, leaf, path)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX deploy_file_digest ON deploy_file (digest);

  -- what S3 clients have put or deleted. A row above held_done of its site is in no revision yet. The others keep what
  -- only S3 stores about a file, as long as the file is the same
  CREATE TABLE bucket_object (
    site INTEGER NOT NULL,
    path TEXT NOT NULL,
    -- the order of the changes of a site
    number INTEGER NOT NULL,
    -- null for a deleted path
    digest BLOB,
    size INTEGER NOT NULL,
    chunks BLOB,
    type TEXT NOT NULL,
    meta TEXT NOT NULL,
    time INTEGER NOT NULL,
    etag TEXT NOT NULL,
    -- the rest of what S3 stores, as JSON
    detail TEXT NOT NULL,
    PRIMARY KEY (site, path)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX bucket_object_number ON bucket_object (site, number);
  CREATE INDEX bucket_object_digest ON bucket_object (digest) WHERE digest IS NOT NULL;
  CREATE INDEX bucket_object_deleted ON bucket_object (site) WHERE digest IS NULL;
  -- multipart uploads of S3 clients. bytes: of all parts. result: the entity tag of a completed one
  CREATE TABLE multipart (
    id TEXT PRIMARY KEY,
    site INTEGER NOT NULL,
    path TEXT NOT NULL,
    created INTEGER NOT NULL,
    detail TEXT NOT NULL,
    bytes INTEGER NOT NULL DEFAULT 0,
    result TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX multipart_path ON multipart (site, path, id);
  CREATE INDEX multipart_created ON multipart (created);
  CREATE INDEX multipart_open ON multipart (site, result, bytes);
  CREATE TABLE multipart_part (
    upload TEXT NOT NULL,
    number INTEGER NOT NULL,
    digest BLOB NOT NULL,
    size INTEGER NOT NULL,
    time INTEGER NOT NULL,
    etag TEXT NOT NULL,
    checksum TEXT,
    PRIMARY KEY (upload, number)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX multipart_part_digest ON multipart_part (digest);

  -- may_read: the names of the sites whose content an edge may read, as JSON, or null for all
  -- replaces: the key of the host whose name and place a new host takes
  CREATE TABLE token (
    id TEXT PRIMARY KEY,
    secret BLOB NOT NULL,
    scope TEXT NOT NULL,
    edge TEXT,
    may_read TEXT,
    replaces TEXT,
    created INTEGER NOT NULL,
    expires INTEGER,
    revoked INTEGER NOT NULL DEFAULT 0,
    -- when it was last used
    used INTEGER,
    used_by TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE edge (
    name TEXT PRIMARY KEY,
    region TEXT NOT NULL,
    lat REAL,
    lon REAL,
    public_key TEXT NOT NULL,
    replaces TEXT,
    seq INTEGER NOT NULL,
    may_read TEXT,
    revoked INTEGER NOT NULL DEFAULT 0,
    paused INTEGER NOT NULL DEFAULT 0,
    drained INTEGER NOT NULL DEFAULT 0,
    -- in ascending order, as JSON
    labels TEXT NOT NULL DEFAULT '[]',
    last_seen INTEGER,
    report TEXT
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE receipt (
    site INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    edge TEXT NOT NULL,
    -- the key that signed it: two hosts may have had the name
    public_key TEXT NOT NULL,
    -- the record that it answers, if that is in the table showing; otherwise 0
    record INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (site, revision, edge, public_key, record)
  ) STRICT, WITHOUT ROWID;
  -- steps of rollouts, and aborts that took a revision back. They stay when the log is pruned
  CREATE TABLE showing (
    seq INTEGER PRIMARY KEY,
    site INTEGER NOT NULL,
    -- what edges show because of the record
    revision INTEGER NOT NULL,
    -- the names of these edges, as JSON
    edges TEXT NOT NULL,
    json TEXT NOT NULL
  ) STRICT;
  CREATE INDEX showing_revision ON showing (site, revision);
  -- the record holds the target of the purge
  CREATE TABLE purge (seq INTEGER PRIMARY KEY, site INTEGER NOT NULL) STRICT;
  CREATE INDEX purge_site ON purge (site, seq);
  CREATE TABLE purge_receipt (
    seq INTEGER NOT NULL,
    edge TEXT NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (seq, edge)
  ) STRICT, WITHOUT ROWID;

  -- AUTOINCREMENT: the number of a task that was deleted is never given out again
  CREATE TABLE task (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    args TEXT NOT NULL,
    target TEXT NOT NULL,
    cause TEXT NOT NULL,
    key TEXT,
    created INTEGER NOT NULL,
    deadline INTEGER NOT NULL,
    -- open, done, failed, cancelled or expired
    state TEXT NOT NULL,
    ended INTEGER
  ) STRICT;
  CREATE INDEX task_open ON task (id) WHERE state = 'open';
  CREATE UNIQUE INDEX task_key ON task (key) WHERE state = 'open' AND key IS NOT NULL;
  -- attempts: JSON, see IssuedAttempt
  CREATE TABLE share (
    task INTEGER NOT NULL,
    share INTEGER NOT NULL,
    edge TEXT,
    state TEXT NOT NULL,
    attempts TEXT NOT NULL,
    failures INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    by TEXT,
    result TEXT,
    PRIMARY KEY (task, share)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX share_open ON share (task) WHERE state = 'open';

  -- AUTOINCREMENT: an id is never used again, even when the newest event was dropped
  CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time INTEGER NOT NULL,
    kind TEXT NOT NULL,
    -- 1 for an act, which is kept for longer
    act INTEGER NOT NULL,
    site TEXT,
    edge TEXT,
    -- the rest of the event, as JSON
    detail TEXT NOT NULL
  ) STRICT;
  CREATE INDEX event_act ON event (act, id);
  CREATE INDEX event_owner ON event (act, site, id);
  -- kinds: a list as JSON, or null for all. cursor: the last event that is done
  CREATE TABLE webhook (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    url TEXT NOT NULL,
    kinds TEXT,
    site TEXT,
    secret TEXT NOT NULL,
    cursor INTEGER NOT NULL
  ) STRICT;
  `,
];
