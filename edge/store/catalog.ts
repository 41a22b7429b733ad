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
import type { TaskResult } from '../../shared/log/task-result.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { PurgeTarget } from '../../shared/site/purge.ts';
import type { Mode, SitePolicy } from '../../shared/site/site-policy.ts';
import type { Cover } from './cover.ts';

/**
 * The edge's catalog. Every method is one transaction, and the methods run in the order of the calls. durability.ts
 * states what each method may lose in a power failure.
 */
export type EdgeCatalog = Remote<EdgeCatalogCalls>;

export type EdgeCatalogCalls = ChainCalls &
  AheadCalls &
  AliasCalls &
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
  /** The `abort` after which this edge shows the active revision again. Null if it showed no other one since. */
  readonly returned: number | null;
  /** The activations after the active revision, as the log names them, oldest first. */
  readonly activations: readonly Activation[];
  /** The revision of a synchronous publish that is waiting to be activated or aborted. */
  readonly proposal: Milestone | null;
  /** The revision that is being staged, or whose staging was interrupted. */
  readonly staging: number | null;
  /** The staged revision that only lacks its activation. */
  readonly prepared: number | null;
  /** The last superseded revisions that are still complete on this edge, the most recently superseded first. */
  readonly former: readonly FormerRevision[];
  /**
   * The purges that limit former revisions: no former revision up to `revision` serves the paths that `target` names.
   */
  readonly purges: readonly { readonly revision: number; readonly target: PurgeTarget }[];
  /** Which objects of the active revision are complete on this edge. */
  readonly covers: Cover;
  /** The aliases, as the log has them. */
  readonly aliases: readonly EdgeAlias[];
  /** The rollout that the log has begun and not ended, or one that has ended here only in the log. */
  readonly rollout: EdgeRollout | null;
  /** Further revisions whose manifests are complete on this edge, in ascending order. */
  readonly kept: readonly KeptRevision[];
}

export interface EdgeAlias extends Milestone {
  readonly name: string;
  readonly root: Digest;
  /** When edges stop to answer under it, in the time of the log. */
  readonly expires: number;
  /** The revision that readers may see under it. 0 for none yet. */
  readonly shown: number;
}

export interface EdgeRollout extends Milestone {
  readonly root: Digest;
  /** The revision that is live meanwhile. */
  readonly base: number;
  /** The names of the edges that show the revision. */
  readonly edges: readonly string[];
  /** The paths that these edges ask themselves for. */
  readonly paths: readonly string[];
  /** Whether the revision was complete here once, so that it may be shown. */
  readonly isReady: boolean;
  /** The log has made it live. It stays here until this edge has made it active, so that nothing goes back. */
  readonly isActivated: boolean;
}

export interface KeptRevision {
  readonly revision: number;
  /** Which of its objects were complete on this edge. Null before they were fetched. */
  readonly covers: Cover | null;
  /** Whether those objects are still known to be complete. */
  readonly isWhole: boolean;
}

export interface FormerRevision {
  readonly revision: number;
  /** When it was superseded, in the time of the log. 0 if that was not recorded. */
  readonly ended: number;
}

/** A state of a site, and the record that names it. Revision 0 means that there is none yet. */
export interface Milestone {
  readonly revision: number;
  readonly root: Digest | null;
  readonly seq: number;
  /**
   * The number of files that the origin signed. Null if the record with this number was pruned before this edge
   * received it.
   */
  readonly files: number | null;
}

export interface Activation extends Milestone {
  /** Milliseconds since 1970, on the origin's clock. */
  readonly time: number;
  readonly mode: Mode;
  /** True for a batch publish that does not wait for the window. */
  readonly now: boolean;
}

export interface ChainCalls {
  chain(): ChainState | undefined;
  /** Stores the first state of the chain, which comes from the verified answer to a join. */
  begin(chain: ChainState): void;
  /** Stores verified records in order, applies them to the sites, and advances the stored position. */
  storeRecords(records: readonly LogRecord[], chain: ChainState): void;
  /** Stores the newest head, for children and as a lower bound for later heads. */
  noteHead(head: Head): void;
  signedHead(): Head | undefined;
  /** How far the wall clock was ahead of the origin's when the two were last compared, in milliseconds. */
  clockOffset(): number;
  noteClockOffset(ms: number): void;
  /** Whether the upstream last refused this edge as a non-member. */
  isRefused(): boolean;
  noteRefused(isRefused: boolean): void;
  /** Whether the origin has signed that it has revoked this edge, which is for ever. */
  isRevoked(): boolean;
  noteRevoked(): void;
  /** A page of records from `from` on, in ascending order: `limit` records, or fewer when they have many bytes. */
  records(from: number, limit: number): LogRecord[];
  firstSeq(): number;
  /**
   * Drops the records before a checkpoint: the newest one that is followed by at least as many records or bytes as
   * `kept` says.
   */
  pruneRecords(kept: KeptLog): void;
  members(): Payload<'member'>[];
}

export interface SiteCalls {
  /** The sites that are not deleted. */
  sites(): EdgeSite[];
  /** Undefined for a site that is unknown or deleted. */
  site(id: number): EdgeSite | undefined;
  siteNamed(name: string): EdgeSite | undefined;
  /** Deleted sites that may still have data. */
  deletedSites(): number[];
  /** Drops the remaining data of a deleted site whose manifests have been deleted. */
  forgetSite(site: number): void;
  /** Makes the prepared revision the active one. `now` is the time of the log. */
  reveal(site: number, milestone: Milestone, covers: Cover, now: number): void;
  setCovers(site: number, covers: Cover): void;
  /** Changes dates after `now` to `now`, because the origin's clock was set back. Returns whether there were any. */
  redate(now: number): boolean;
  /** Revisions that were complete on this edge and have not been pruned, in ascending order. */
  held(site: number): number[];
  dropHeld(site: number, revisions: readonly number[]): void;
}

/**
 * Manifests are taken in by ascending revision, because each is staged over the one before. Revisions that aliases name
 * are kept beside the active one.
 */
export interface AliasCalls {
  /** Keeps the staged revision, whose root is proven, without making it active. */
  keep(site: number, revision: number): void;
  /** Notes which objects of a kept revision are complete, and lets its aliases and its rollout show it. */
  fillKept(site: number, revision: number, covers: Cover): void;
  /** Turns the newest kept revision back into a staged one, whose rows can be removed. */
  giveUpKept(site: number, revision: number): void;
  /** Forgets kept revisions. Their rows can then be pruned. */
  dropKept(site: number, revisions: readonly number[]): void;
}

/** How much of what the store holds was fetched for a site ahead of its first revision. */
export interface AheadUse {
  readonly objects: number;
  readonly bytes: number;
}

/**
 * Objects that are fetched ahead of their revision. They are noted before they are fetched, so that none is forgotten in
 * the store, and pruning leaves them alone until they are released.
 */
export interface AheadCalls {
  noteAhead(site: number, objects: readonly NeededObject[], now: number): void;
  /** What is noted for each site. */
  aheadUse(): ReadonlyMap<number, AheadUse>;
  /**
   * Releases up to `limit` objects of a site that has an active revision, that is deleted, or for which nothing was
   * noted from `since` to `now`, in the time of the log. Returns false when there are none. Pruning removes those that
   * no entry names. The caller ensures that none of them is being fetched ahead.
   */
  releaseAhead(time: { readonly since: number; readonly now: number }, limit: number): boolean;
}

export interface NeededObject {
  readonly digest: Digest;
  readonly size: number;
  readonly chunks: Digest | null;
}

/** An object that a revision adds, and the object that is probably its earlier version. */
export interface StagedObject extends NeededObject {
  readonly path: string;
  /** The object that the path held before. Null for a new path. */
  readonly before: NeededObject | null;
}

export interface StagedCalls {
  /**
   * Marks a revision as being staged. `resumed` is true if its complete, verified manifest is already stored.
   * Otherwise, `leftover` may name a revision whose leftover rows must be removed first.
   */
  beginStaging(
    site: number,
    revision: number,
    root: Digest,
  ): { resumed: boolean; leftover: number | undefined };
  /** Clears the mark, after the staged rows have been removed. */
  endStaging(site: number): void;
  /**
   * Stages the last changes and seals leaves, in one call. If all leaves are sealed, returns `root`. Otherwise, returns
   * `sealed`, the last leaf that is sealed.
   */
  stageLast(
    site: number,
    revision: number,
    changes: readonly Change[],
    limit: number,
  ): { sealed: number | undefined; root: Digest | undefined };
  /** Records that the staged manifest's root is the one that the origin signed. */
  proveStaging(site: number, root: Digest): void;
  /** Records that the objects of the staged revision are complete as well. */
  setPrepared(site: number, revision: number): void;
  /**
   * Clears the prepared mark of every site, and what is noted about the objects of kept revisions, because objects may
   * be missing or the set of objects to hold may have changed.
   */
  clearPrepared(): void;
  /**
   * The objects of entries that the revision has and `whole` has not, a page at a time, in no particular order. Either
   * may be the newer one.
   */
  objectsBeyond(
    site: number,
    revision: number,
    whole: number,
    after: number,
    limit: number,
  ): { objects: StagedObject[]; next: number | undefined };
  /** Up to `limit` paths that the staged revision removes, each with the object that it held. */
  stagedRemovals(site: number, revision: number, limit: number): { path: string; object: NeededObject }[];
  /** The bytes of the objects that `objectsBeyond` returns. */
  bytesBeyond(site: number, revision: number, whole: number): number;
}

/** Statements that this edge has signed wait here until the origin has them. */
export interface StatementCalls {
  /** Stores a receipt. Only the newest receipt for each held revision is kept. */
  addReceipt(receipt: Receipt): void;
  /** The newest receipt for a held revision. Undefined when there is none. */
  lastReceipt(site: number, revision: number): Pick<Receipt, 'covers' | 'seq'> | undefined;
  /** Stores the result of an attempt at a task. */
  addTaskResult(result: TaskResult): void;
  /**
   * Returns the waiting statements of these kinds, or of all kinds: receipts first, then the others, each in the order
   * of signing. Returns at most `limit` statements, and stops when they have reached `maxBytes` together.
   */
  unsentStatements(limit: number, maxBytes: number, kinds?: readonly string[]): Statement[];
  /**
   * Called when the origin has these statements. If a statement was signed again after it was sent, the new one
   * continues to wait.
   */
  acknowledged(statements: readonly Statement[]): void;
}

export interface PendingPurge {
  readonly seq: number;
  readonly target: PurgeTarget;
}

export interface PurgeCalls {
  /** Sites with purges that are not carried out yet. */
  sitesToPurge(): number[];
  /**
   * The first pending purges of a site, in the order of the log. If too many are pending, each of them purges
   * everything.
   */
  pendingPurges(site: number, limit: number): PendingPurge[];
  /** Removes purges that were carried out and stores their receipts, in one transaction. */
  purgesDone(receipts: readonly PurgeReceipt[]): void;
  /** Drops those purges of a site that limit only revisions that are no longer held, and will not be held. */
  dropEnded(site: number): void;
}

/** The queries of a lazy edge about objects that it holds or that readers request. */
export interface LazyCalls {
  /**
   * How to fetch an object that an entry names, either as its content or as its chunk list. Undefined if no entry names
   * it.
   */
  fetchable(digest: Digest): Fetchable | undefined;
  /**
   * The paths that name the objects in the active or a future revision of any site, up to `limit` paths for each
   * object.
   */
  currentNames(digests: readonly Digest[], limit: number): NamedObject[];
  /** Up to `limit` paths that name the object in any revision of any site. */
  allNames(digest: Digest, limit: number): NamedObject[];
  /** The objects that the path has held in any revision. */
  objectsOfPath(site: number, path: string): NamedObject[];
  /** The objects that a site names in any revision, page by page from `after` = 0. Some occur more than once. */
  objectsOfSite(
    site: number,
    after: number,
    limit: number,
  ): { objects: NamedObject[]; next: number | undefined };
}

export type Fetchable =
  /** `otherVersions` are the objects that the same path held in other revisions, newest first. */
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
  /**
   * Objects that lost their last entry when revisions were pruned, and that still have no entry. The store may remove
   * them.
   */
  removals(limit: number): Digest[];
  removed(digests: readonly Digest[]): void;
}
