import type { Readable } from 'node:stream';
import type { Clock } from '../clock.ts';
import type { WakeupSource } from '../concurrency/wakeup.ts';
import type { Digest } from '../content/digest.ts';
import type { BucketReader } from '../content/manifest/buckets.ts';
import type { ObjectNames } from '../content/manifest/object-names.ts';
import type { ManifestReader } from '../content/manifest/reading.ts';
import type { Encodings } from '../delta/encodings.ts';
import type { Head } from '../log/head.ts';
import type { LogRecord } from '../log/record.ts';
import type { Revocation } from '../log/revocation.ts';
import type { Remote } from '../process/thread.ts';
import type { PublicKey } from '../signing/keys.ts';
import type { ObjectStore } from '../store/object-store.ts';
import type { JoinAnswer, JoinRequest, OriginHello, ReportAnswer, SignedReport } from '../wire/protocol.ts';
import type { Wants } from '../wire/wants.ts';
import type { ObjectsAhead } from './objects-ahead.ts';
import type { ReportCalls } from './report-calls.ts';

/** The members that may follow this feed, and the reports that they send. */
export interface FeedMembers {
  /**
   * The key of a member, unless the member is revoked. The result is a promise only if this node does not know the name
   * yet, but another origin node may have admitted the edge. Unknown clients can use any name, so the look-ups at other
   * nodes are shared and limited.
   */
  keyOf(name: string): PublicKey | undefined | Promise<PublicKey | undefined>;
  /** The key of the host that this member has replaced. That host gets the error `edge-replaced`. */
  formerKeyOf(name: string): PublicKey | undefined;
  /**
   * The origin's statement that it has revoked an edge. The revoked host itself gets it, with the error `edge-revoked`.
   * Undefined for other names, and at a parent, which cannot sign for the origin.
   */
  revocationOf(name: string): Revocation | undefined;
  /** The names of the sites whose content a member may read, or null for all sites. The member has proved its key. */
  mayRead(name: string): readonly string[] | null;
  /** Called when a request has been proved to come from this member. */
  proven(name: string): void;
  /** Records an open stream. The returned function records its end. */
  connected(name: string): () => void;
  /**
   * Accepts the sender's own report, which comes first, and the reports of its children. The statements in them are
   * durable at the origin when the promise resolves. Throws `bad-request` when a report is not signed by the edge that
   * it names.
   */
  report(sender: string, reports: readonly SignedReport[]): Promise<ReportAnswer>;
}

/** Accepts objects from members, for a store that has lost them. */
export interface FeedUploads {
  /**
   * Admits the upload of an object, before its body is read. Throws `forbidden` unless this member was asked for the
   * object and it is still needed. Throws `bad-request` for a length that the object cannot have. The caller reads the
   * body with `take`, and calls `end` in any case.
   */
  admit(member: string, digest: Digest, length: number): Promise<AdmittedUpload>;
}

export interface AdmittedUpload {
  /**
   * Stores the object, which is durable when the promise resolves. Throws `digest-mismatch` if the bytes have another
   * digest, and `truncated-upload` if some are missing.
   */
  take(body: Readable): Promise<void>;
  end(): void;
}

/**
 * The source of a feed: the origin's log and objects, or the replica of an edge that is a parent. Both speak one
 * protocol (docs/protocol.md).
 */
export interface FeedSource {
  readonly log: string;
  readonly clock: Clock;
  readonly members: FeedMembers;
  /** The objects for requests of this member. A lazy edge fetches missing objects, and charges the member for them. */
  objectsFor(member: string): ObjectStore;
  /**
   * The objects that this feed holds. Dictionaries and whole-object encodings use only these, so that they never cause
   * a fetch.
   */
  readonly held: ObjectStore;
  readonly manifests: Pick<Remote<ManifestReader>, 'diffPage'> & Remote<BucketReader> & Remote<ObjectNames>;
  readonly encodings: Encodings;
  /** Undefined at a parent, which neither requests nor forwards uploads. */
  readonly uploads?: FeedUploads | undefined;
  /** The requests for reports, which followers pass on. */
  readonly calls: ReportCalls;
  /** The objects that followers may fetch before a revision names them. `manifests` names them, too. */
  readonly ahead: ObjectsAhead;
  /**
   * Wakes after each append to the log and each request for reports, and when `path`, the held objects or those ahead
   * of their revision change.
   */
  readonly changed: WakeupSource;
  /** The ids of the named sites that this feed knows, in ascending order. */
  siteIds(names: readonly string[]): Promise<readonly number[]>;
  /** The names of the edges from this one up to the origin, this edge first. Empty at the origin. */
  path(): readonly string[];
  /** Throws `beyond-parent` when the follower wants more than this feed holds. */
  admit(wants: Wants): void;
  /** The first record that is kept: record 1, or a checkpoint. */
  firstSeq(): Promise<number>;
  /**
   * Records from `from` on, in ascending order. Only a page at the end of the log is not full in the sense of
   * `isFullPage`.
   */
  records(from: number, limit: number): Promise<readonly LogRecord[]>;
  /** The newest head that the origin signed. */
  head(): Promise<Head>;
  /**
   * Whether this feed holds the whole revision. `coming` means that this parent is still fetching it. A revision is no
   * longer held before its first row is removed.
   */
  holds(site: number, revision: number): Promise<'held' | 'coming' | 'absent'>;
  /** The origin's greeting to an edge that wants to join. At this point, the origin knows only the edge's address. */
  greet(edgeNonce: string, client: string): Promise<OriginHello>;
  /** Admits a new edge. */
  join(request: JoinRequest, client: string): Promise<JoinAnswer>;
}
