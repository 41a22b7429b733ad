import type { Clock } from '../clock.ts';
import type { WakeupSource } from '../concurrency/wakeup.ts';
import type { BucketReader } from '../content/manifest/buckets.ts';
import type { ObjectNames } from '../content/manifest/object-names.ts';
import type { ManifestReader } from '../content/manifest/reading.ts';
import type { Encodings } from '../delta/encodings.ts';
import type { Head } from '../log/head.ts';
import type { LogRecord } from '../log/record.ts';
import type { Remote } from '../process/thread.ts';
import type { PublicKey } from '../signing/keys.ts';
import type { ObjectStore } from '../store/object-store.ts';
import type { JoinAnswer, JoinRequest, OriginHello, ReportAnswer, SignedReport } from '../wire/protocol.ts';

/** Who may follow this feed, and what they say. */
export interface FeedMembers {
  /** The key of a member that is not revoked. */
  keyOf(name: string): PublicKey | undefined;
  /** The sites whose content a member may read, by name; null for all. */
  mayRead(name: string): readonly string[] | null;
  /** The request that is being answered is one of this member. */
  proven(name: string): void;
  /** Notes an open stream; the returned function notes its end. */
  connected(name: string): () => void;
  /**
   * Takes in the sender's own report, which comes first, and those of its children. Receipts are durable at the
   * origin when it resolves. Throws `bad-request` for what is not signed by the edge that it names.
   */
  report(sender: string, reports: readonly SignedReport[]): Promise<ReportAnswer>;
}

/** What a follower wants to replicate; null for everything. */
export interface Wants {
  readonly sites: readonly string[] | null;
  readonly prefixes: readonly string[] | null;
}

/**
 * What a feed is served from: the origin's log and objects, or the replica of an edge that is a parent. Both
 * speak one protocol (docs/protocol.md).
 */
export interface FeedSource {
  readonly log: string;
  readonly clock: Clock;
  readonly members: FeedMembers;
  /** As this member sees them. */
  objectsFor(member: string): ObjectStore;
  /** Those of them that are here: what is not is fetched for nobody's dictionary, and not coded as a whole. */
  readonly held: ObjectStore;
  readonly manifests: Pick<Remote<ManifestReader>, 'diffPage'> & Remote<BucketReader> & Remote<ObjectNames>;
  readonly encodings: Encodings;
  /** Woken after each append to the log, and when `path` or what is held has changed. */
  readonly changed: WakeupSource;
  /** The ids of the sites with these names that are known here, ascending. */
  siteIds(names: readonly string[]): Promise<readonly number[]>;
  /** The edges from here up to the origin, this one first; none at the origin. */
  path(): readonly string[];
  /** Throws `beyond-parent` when the follower wants more than is held here. */
  admit(wants: Wants): void;
  /** The first record that is kept: 1, or a checkpoint. */
  firstSeq(): Promise<number>;
  /** Records from `from` on, ascending; as many as `isFullPage` says, or fewer at the end of the log. */
  records(from: number, limit: number): Promise<readonly LogRecord[]>;
  /** The newest head that the origin signed. */
  head(): Promise<Head>;
  /** Whether the revision is whole here. A parent that is about to hold it: `coming`. */
  holds(site: number, revision: number): Promise<'held' | 'coming' | 'absent'>;
  /** What the origin says to an edge that wants to join, before it learns anything of the edge but its address. */
  greet(edgeNonce: string, client: string): Promise<OriginHello>;
  /** Admits a new edge. */
  join(request: JoinRequest, client: string): Promise<JoinAnswer>;
}
