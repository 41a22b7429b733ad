import type { ContentPath } from '../../shared/content/content-path.ts';
import type { Digest } from '../../shared/content/digest.ts';
import type { Entry } from '../../shared/content/entry.ts';
import type { BucketReader } from '../../shared/content/manifest/buckets.ts';
import type { ObjectNames } from '../../shared/content/manifest/object-names.ts';
import type { DiffCursor, ManifestReader } from '../../shared/content/manifest/reading.ts';
import type { Staging } from '../../shared/content/manifest/staging.ts';
import type { Head } from '../../shared/log/head.ts';
import type { Receipt } from '../../shared/log/receipt.ts';
import type { LogRecord, Seq } from '../../shared/log/record.ts';
import type { Payload } from '../../shared/log/record-kinds.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { PurgeReceipt, PurgeTarget } from '../../shared/site/purge.ts';
import type { Mode, PolicyChange, SitePolicy } from '../../shared/site/site-policy.ts';
import type { Commit, Purge, Revision, Token } from '../../shared/wire/api.ts';
import type { EdgeReport, NewMember } from '../../shared/wire/protocol.ts';
import type { DomainRights } from '../domains/rights.ts';
import type { RetentionCalls } from './retention-catalog.ts';

/**
 * The origin's catalog. Every method is one transaction, durable when it resolves; calls of one caller run in
 * the order in which they were made, those of several by turns. Long work is paged by its callers, so that no call is long.
 */
export type Catalog = Remote<
  LogCalls &
    SiteCalls &
    RevisionCalls &
    ObjectCalls &
    DeployCalls &
    TokenCalls &
    FleetCalls &
    PurgeCalls &
    RetentionCalls &
    ManifestReader &
    ObjectNames &
    BucketReader
>;

export interface LogCalls {
  /** Creates the log with its first `key` record; does nothing when there is one. */
  found(log: string, key: Payload<'key'>, time: number): void;
  identity(): { log: string; epoch: number; key: Payload<'key'> } | undefined;
  /** A page of records from `from` on, ascending: `limit` of them, or fewer when these have many bytes. */
  records(from: number, limit: number): LogRecord[];
  /** As `records`, of those at the end. */
  newestRecords(limit: number): LogRecord[];
  /** Where the log begins: at 1, or at the checkpoint up to which it is pruned. */
  firstSeq(): number;
  head(time: number): Head;
  /** The hash of a record, or why there is none: it was pruned, or the log does not go that far. */
  hashAt(seq: number): Digest | 'pruned' | 'beyond';
  /** From now on, until the process ends, whatever would append a record throws `log-diverged`, with this message. */
  denyAppends(why: string): void;
  close(): void;
}

export interface SiteRow {
  readonly id: number;
  readonly name: string;
  readonly domains: readonly string[];
  readonly policy: SitePolicy;
  /** What is live; 0 before the first publish. */
  readonly revision: number;
  /** Files and bytes of what is live. */
  readonly files: number;
  readonly bytes: number;
  /** The newest revision that was not aborted: what the next change builds on. */
  readonly tip: number;
  /** The highest number that was given out: the state that is on top in the tables. */
  readonly newest: number;
  /** The tip, while it is not live. */
  readonly pending: { readonly revision: number; readonly mode: Mode; readonly since: number } | null;
}

export interface SiteCalls {
  sites(): SiteRow[];
  /** The ids of those of these sites that exist, ascending. */
  siteIds(names: readonly string[]): number[];
  /** Throws `no-such-site`. */
  site(name: string): SiteRow;
  /** Throws `no-such-site`. */
  siteOf(id: number): SiteRow;
  /**
   * Creates the site or changes its settings; what is undefined stays as it is. Throws `domain-taken`,
   * `bad-schedule` and, for domains that the caller has no right to, `forbidden`.
   */
  putSite(
    name: string,
    domains: readonly string[] | undefined,
    time: number,
    policy?: PolicyChange | undefined,
    rights?: DomainRights,
  ): SiteRow;
  /** `unpublished`: throws `site-published` for one that shows something, is about to, or has a domain. */
  deleteSite(name: string, time: number, only?: { readonly unpublished: boolean }): void;
}

export interface RevisionRow extends Revision {
  readonly root: Digest;
}

/** How a revision is staged beside the live one and then revealed. Callers hold the site's lock. */
export interface RevisionCalls
  extends Pick<Staging, 'stage' | 'staged' | 'sealLeaves' | 'sealRoot' | 'unstage'> {
  /** Newest first, those before a number if one is given: `limit` of them, or fewer when these have many bytes. */
  revisions(site: number, limit: number, before?: number): RevisionRow[];
  /** Throws `no-such-revision`. */
  revision(site: number, revision: number): RevisionRow;
  /** The newest revision that was live once and whose content is not what is live now. */
  formerlyLive(site: number): RevisionRow | undefined;
  /** Marks the number as being staged; what a crash left under it must be unstaged first. */
  beginStaging(site: number): { revision: number; newest: number; leftover: boolean };
  endStaging(site: number): void;
  /** Stages a page of what leads from one revision to another. */
  stageDiff(
    site: number,
    revision: number,
    from: number,
    to: number,
    after: DiffCursor | undefined,
  ): DiffCursor | undefined;
  /** The one transaction that makes the staged state a revision, its records durable, and the deploy done. */
  reveal(commit: Reveal): { seq: Seq };
  /** Makes a pending revision live. Throws `no-such-revision` when it is not the site's tip, or not pending. */
  activate(activation: Activation): { seq: Seq };
  /** Ends a pending revision, which will never be live. Throws as `activate` does. */
  abort(site: number, revision: number, reason: string, time: number): void;
  /** Writes down how a sync publish ended, and renews the answer of its deploy. */
  noteOutcome(outcome: SyncOutcome): void;
}

/** The answer of a deploy, without the `seq` that the transaction gives it. */
export interface DoneDeploy {
  readonly id: string;
  readonly answer: Omit<Commit, 'seq'>;
}

export interface Reveal {
  readonly site: number;
  readonly revision: number;
  readonly root: Digest;
  readonly base: number;
  readonly message: string;
  readonly restores: number | null;
  readonly time: number;
  readonly mode: Mode;
  /** Makes it live in the same transaction; null leaves it pending. */
  readonly activate: Payload<'activate'> | null;
  readonly deploy: DoneDeploy | null;
}

export interface Activation {
  readonly site: number;
  readonly revision: number;
  readonly payload: Payload<'activate'>;
  readonly time: number;
  readonly deploy: DoneDeploy | null;
}

export interface SyncOutcome extends Payload<'outcome'> {
  readonly site: number;
  readonly revision: number;
  readonly time: number;
  readonly deploy: { readonly id: string; readonly answer: Commit } | null;
}

export interface StoredObject {
  readonly site: number;
  readonly digest: Digest;
  readonly size: number;
  readonly chunks: Digest | null;
}

export interface ObjectCalls {
  /** Notes that the store holds the objects and that these sites uploaded them, at `time` for the last time. */
  addObjects(objects: readonly StoredObject[], time: number): void;
  /** The object if this site uploaded it. */
  siteObject(site: number, digest: Digest): StoredObject | undefined;
}

export interface DeployRow {
  readonly id: string;
  readonly site: number;
  readonly siteName: string;
  readonly base: number | null;
  readonly expect: number | null;
  /** What an earlier commit of this deploy answered. */
  readonly result: Commit | null;
}

export interface DeployFile {
  readonly path: ContentPath;
  /** Null deletes the path. */
  readonly digest: Digest | null;
  readonly size: number;
}

export interface DeployCursor {
  readonly leaf: number;
  readonly path: string;
}

export interface MissingPage {
  readonly missing: readonly Digest[];
  /** Undefined when done. */
  readonly next: DeployCursor | undefined;
}

export interface DeployCalls {
  /**
   * When a site has too many that are not committed, its oldest is given up. Throws `too-many-requests` when all of
   * them are young.
   */
  createDeploy(id: string, site: number, time: number): void;
  setDeployHeader(id: string, base: number | null, expect: number | null): void;
  /** Throws `duplicate-path` and `too-large`. */
  addDeployFiles(id: string, files: readonly DeployFile[]): void;
  /** Nobody finds it from now on; what it names goes when there is time. Throws `no-such-deploy`. */
  dropDeploy(id: string): void;
  /** Throws `no-such-deploy`. */
  deploy(id: string): DeployRow;
  /** What the site has not uploaded of a page of the deploy's files, each digest once a page. */
  deployMissing(id: string, after: DeployCursor | undefined): MissingPage;
  /**
   * Throws `size-mismatch` when an uploaded object of a page of the deploy's files has not the size that the deploy
   * gave it; undefined when done.
   */
  checkDeploySizes(id: string, after: DeployCursor | undefined): DeployCursor | undefined;
  /** Stages a page of the deploy's files over what is staged; undefined when done. */
  stageDeploy(
    id: string,
    revision: number,
    time: number,
    after: DeployCursor | undefined,
  ): DeployCursor | undefined;
  /** Stages a page of deletions of what the deploy, a whole tree, does not name; undefined when done. */
  stageAbsent(id: string, revision: number, after: DeployCursor | undefined): DeployCursor | undefined;
  /** Records the answer of a commit that made no revision. */
  finishDeploy(id: string, result: Commit): void;
}

export type Grant = 'admin' | 'read' | { readonly publish: string };

export interface TokenCalls {
  createToken(
    token: {
      id: string;
      secret: Buffer;
      scope: string;
      edge: string | null;
      mayRead: readonly string[] | null;
      expires: number | null;
    },
    time: number,
  ): void;
  tokens(time: number): Token[];
  /** Throws `no-such-token`. */
  revokeToken(id: string, time: number): void;
  /** The scope of a valid token; undefined for one that is unknown, expired, revoked or for joining. */
  authenticate(id: string, secret: Buffer, time: number): string | undefined;
  /** What is kept of the secret of a token for joining, be it good or not; undefined when there is none. */
  joinSecret(id: string): Uint8Array | undefined;
}

export interface EdgeRow {
  readonly name: string;
  readonly region: string;
  readonly lat: number | null;
  readonly lon: number | null;
  readonly publicKey: string;
  readonly revoked: boolean;
  readonly paused: boolean;
  /** The names of the sites whose content it may read; null for all. */
  readonly mayRead: readonly string[] | null;
  readonly lastSeen: number | null;
  /** Null also when the last one came from a version before 0.2. */
  readonly report: EdgeReport | null;
}

export interface PurgeCalls {
  /** Writes a record for each target; resolves with the number of the last. Throws `record-too-large`. */
  addPurges(site: Pick<SiteRow, 'id' | 'newest'>, targets: readonly PurgeTarget[], time: number): Seq;
  /** Of the newest ones of the site. Throws `no-such-purge`. */
  purge(site: number, seq: number): Purge;
  /** Keeps the first of each edge; passes over those for no purge of the log. */
  addPurgeReceipts(receipts: readonly PurgeReceipt[]): void;
}

export interface FleetCalls {
  /**
   * Uses the one-time token, writes the member record and the edge, limited as the token is, in one step. Repeating
   * it with the same token, name and key gives the same answer. Throws `bad-join-token`, `name-taken` and
   * `too-many-edges`.
   */
  join(
    request: NewMember,
    token: { id: string; secret: Uint8Array },
    time: number,
  ): { seq: Seq; mayRead: readonly string[] | null };
  edges(): EdgeRow[];
  /** Writes a member record, unless nothing changes. Throws `no-such-edge`. */
  changeMember(
    name: string,
    change: { paused?: boolean; revoked?: true; mayRead?: readonly string[] | null },
    time: number,
  ): EdgeRow;
  saveReports(reports: readonly { name: string; lastSeen: number; report: EdgeReport }[]): void;
  /**
   * Keeps the first of each edge; leaves out those for a revision or a root that is not in the log. Returns the
   * others, which are stored now, or were before.
   */
  addReceipts(receipts: readonly Receipt[]): Receipt[];
  receipts(site: number, revision: number): Receipt[];
  /** Bytes of the objects that lead from one revision to another. */
  diffBytes(site: number, from: number, to: number): number;
  /** The revisions after this one that have been live, and when the first of them came to be. */
  behind(site: number, revision: number): { revisions: number; since: number | undefined };
}

export type { Entry };
