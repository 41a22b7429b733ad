import type { Change } from '../../shared/content/diff.ts';
import type { Digest } from '../../shared/content/digest.ts';
import type { Audit } from '../../shared/content/manifest/audit.ts';
import type { BucketReader } from '../../shared/content/manifest/buckets.ts';
import type { ObjectNames } from '../../shared/content/manifest/object-names.ts';
import type { Pruning } from '../../shared/content/manifest/pruning.ts';
import type { ManifestReader } from '../../shared/content/manifest/reading.ts';
import type { Staging } from '../../shared/content/manifest/staging.ts';
import type { ChainState } from '../../shared/log/chain-state.ts';
import type { Head } from '../../shared/log/head.ts';
import type { KeptLog } from '../../shared/log/kept-log.ts';
import type { PurgeReceipt } from '../../shared/log/purge-receipt.ts';
import type { Receipt } from '../../shared/log/receipt.ts';
import type { LogRecord } from '../../shared/log/record.ts';
import type { Payload } from '../../shared/log/record-kinds.ts';
import type { Statement } from '../../shared/log/statements.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { PurgeTarget } from '../../shared/site/purge.ts';
import type { Mode, SitePolicy } from '../../shared/site/site-policy.ts';
import type { Cover } from './cover.ts';

/**
 * The edge's catalog. Every method is one transaction, in the order of the calls; what a loss of power may take of it
 * says durability.ts.
 */
export type EdgeCatalog = Remote<EdgeCatalogCalls>;

export type EdgeCatalogCalls = ChainCalls &
  LazyCalls &
  SiteCalls &
  StagedCalls &
  StatementCalls &
  RemovalCalls &
  PurgeCalls &
  Staging &
  ManifestReader &
  BucketReader &
  Audit &
  ObjectNames &
  Pruning & { close(): void };

export interface EdgeSite {
  readonly id: number;
  readonly name: string;
  readonly domains: readonly string[];
  readonly policy: SitePolicy;
  readonly active: Milestone;
  /** What the log says may become active after it, oldest first. */
  readonly activations: readonly Activation[];
  /** The revision of a synchronous publish that waits for its activation or its abort. */
  readonly proposal: Milestone | null;
  /** The revision that is being staged, or was when something came in between. */
  readonly staging: number | null;
  /** The staged revision that only lacks its activation. */
  readonly prepared: number | null;
  /** The last revisions that were active and are whole here still, those that ended last first. */
  readonly former: readonly FormerRevision[];
  /** Those up to whose revision no former revision answers for what they name. */
  readonly purges: readonly { readonly revision: number; readonly target: PurgeTarget }[];
  /** Which objects are whole here at the active revision. */
  readonly covers: Cover;
}

export interface FormerRevision {
  readonly revision: number;
  /** When it was superseded, by the time of the log; 0 when that was not noted. */
  readonly ended: number;
}

/** A state of a site and the record that brings it; revision 0 for none yet. */
export interface Milestone {
  readonly revision: number;
  readonly root: Digest | null;
  readonly seq: number;
  /** As the origin signed it; null when its record was pruned before this edge saw it. */
  readonly files: number | null;
}

export interface Activation extends Milestone {
  /** By the origin's clock, in milliseconds since 1970. */
  readonly time: number;
  readonly mode: Mode;
  /** A batch that does not wait for its window. */
  readonly now: boolean;
}

export interface ChainCalls {
  chain(): ChainState | undefined;
  /** The first state, from a verified answer to a join. */
  begin(chain: ChainState): void;
  /** Takes in verified records, in order, with what they mean for the sites; moves the stored position. */
  storeRecords(records: readonly LogRecord[], chain: ChainState): void;
  /** Keeps the newest head, for children and as the mark below which no head may fall. */
  noteHead(head: Head): void;
  signedHead(): Head | undefined;
  /** What the wall clock was ahead of the origin's when both were last compared, in milliseconds. */
  clockOffset(): number;
  noteClockOffset(ms: number): void;
  /** Whether the upstream took this edge for no member the last time. */
  isRefused(): boolean;
  noteRefused(isRefused: boolean): void;
  /** A page of records from `from` on, ascending: `limit` of them, or fewer when these have many bytes. */
  records(from: number, limit: number): LogRecord[];
  firstSeq(): number;
  /** Drops the records before the newest checkpoint that has as many records after it, or as many bytes of them. */
  pruneRecords(kept: KeptLog): void;
  members(): Payload<'member'>[];
}

export interface SiteCalls {
  /** Sites that are not deleted. */
  sites(): EdgeSite[];
  /** Undefined for one that is not known here, or deleted. */
  site(id: number): EdgeSite | undefined;
  siteNamed(name: string): EdgeSite | undefined;
  /** Those of which something may be left. */
  deletedSites(): number[];
  /** Drops the rest of a deleted site, when its manifests are gone. */
  forgetSite(site: number): void;
  /** Makes the prepared revision the active one; `now` is the time of the log. */
  reveal(site: number, milestone: Milestone, covers: Cover, now: number): void;
  setCovers(site: number, covers: Cover): void;
  /** What is dated after `now` is of now: the origin's clock was put back since. Tells whether anything was. */
  redate(now: number): boolean;
  /** Revisions that were whole here and have not been pruned, ascending. */
  held(site: number): number[];
  dropHeld(site: number, revisions: readonly number[]): void;
}

export interface NeededObject {
  readonly digest: Digest;
  readonly size: number;
  readonly chunks: Digest | null;
}

/** An object that the staged revision brings, and what it is probably an edit of. */
export interface StagedObject extends NeededObject {
  readonly path: string;
  /** What the path held before; null for a new path. */
  readonly before: NeededObject | null;
}

export interface StagedCalls {
  /**
   * Marks a revision as being staged. `resumed` tells that its manifest is here, whole and proven; otherwise
   * `leftover` names a revision of which rows are left and must be unstaged first.
   */
  beginStaging(
    site: number,
    revision: number,
    root: Digest,
  ): { resumed: boolean; leftover: number | undefined };
  /** What was staged under the site's mark has been taken back. */
  endStaging(site: number): void;
  /**
   * Stages the last changes, and seals what that takes one call: `root` when all is sealed, else `sealed`, the leaf
   * to go on after.
   */
  stageLast(
    site: number,
    revision: number,
    changes: readonly Change[],
    limit: number,
  ): { sealed: number | undefined; root: Digest | undefined };
  /** The staged manifest's root is what the origin signed. */
  proveStaging(site: number, root: Digest): void;
  /** The objects of the staged revision are whole, too. */
  setPrepared(site: number, revision: number): void;
  /** No staged revision counts as whole any more: what this edge should hold of it may have changed. */
  clearPrepared(): void;
  /** Objects of entries that begin with the revision, a page at a time in no particular order. */
  stagedObjects(
    site: number,
    revision: number,
    after: number,
    limit: number,
  ): { objects: StagedObject[]; next: number | undefined };
  /** Up to `limit` paths that the staged revision drops, with what they held. */
  stagedRemovals(site: number, revision: number, limit: number): { path: string; object: NeededObject }[];
  stagedBytes(site: number, revision: number): number;
}

/** What this edge has signed waits here until the origin has it. */
export interface StatementCalls {
  /** Keeps a receipt; the newest one for each revision that is held. */
  addReceipt(receipt: Receipt): void;
  /** What the newest receipt for a revision says that it covers; undefined when there is none. */
  receiptCovers(site: number, revision: number): string | undefined;
  /** Up to `limit` of those that wait: receipts first, then in the order in which they were signed. */
  unsentStatements(limit: number): Statement[];
  /** The origin has these. One that was signed anew meanwhile goes on waiting. */
  acknowledged(statements: readonly Statement[]): void;
}

export interface PendingPurge {
  readonly seq: number;
  readonly target: PurgeTarget;
}

export interface PurgeCalls {
  /** Sites with purges that are not carried out yet. */
  sitesToPurge(): number[];
  /** The first of those of a site, in the order of the log. Of too many each is of everything. */
  pendingPurges(site: number, limit: number): PendingPurge[];
  /** Lets go of what they name, and keeps the receipts, all in one step. */
  purgesDone(receipts: readonly PurgeReceipt[]): void;
  /** Forgets what purges of a site ended for revisions that are kept no more. */
  dropEnded(site: number): void;
}

/** What a lazy edge asks about objects that it holds, or is asked for. */
export interface LazyCalls {
  /** How to fetch an object that some entry names, as content or as a chunk list; undefined when none does. */
  fetchable(digest: Digest): Fetchable | undefined;
  /** Who names the objects, in the active revision of a site or one that is on its way: up to `limit` for each. */
  currentNames(digests: readonly Digest[], limit: number): NamedObject[];
  /** Who names the object, in any revision of any site. */
  allNames(digest: Digest, limit: number): NamedObject[];
  /** What the path has held in all revisions. */
  objectsOfPath(site: number, path: string): NamedObject[];
  /** Pages of all that a site names, in any revision, from 0 on; some more than once. */
  objectsOfSite(
    site: number,
    after: number,
    limit: number,
  ): { objects: NamedObject[]; next: number | undefined };
}

export type Fetchable =
  /** `otherVersions`: what the same path held in other revisions, newest first. */
  | {
      readonly kind: 'content';
      readonly object: NeededObject;
      readonly otherVersions: readonly NeededObject[];
    }
  /** The object whose chunks it lists. */
  | { readonly kind: 'chunk-list'; readonly of: NeededObject };

export interface NamedObject {
  readonly digest: Digest;
  readonly site: number;
  readonly path: string;
}

export interface RemovalCalls {
  /** Objects that pruning left without an entry, and that have none again: the store may remove them. */
  removals(limit: number): Digest[];
  removed(digests: readonly Digest[]): void;
}
