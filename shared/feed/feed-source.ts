import type { Clock } from '../clock.ts';
import type { Head } from '../head.ts';
import type { PublicKey } from '../keys.ts';
import type { DiffCursor, DiffPage } from '../manifest/reading.ts';
import type { EdgeReport, JoinAnswer, JoinRequest } from '../protocol.ts';
import type { LogRecord } from '../record.ts';
import type { ObjectStore } from '../store/object-store.ts';
import type { Wakeup } from '../wakeup.ts';

/** Who may follow this feed, and what they say. */
export interface FeedMembers {
  /** The key of a member that is not revoked. */
  keyOf(name: string): PublicKey | undefined;
  /** Notes an open stream; the returned function notes its end. */
  connected(name: string): () => void;
  /** Durable, as far as receipts go, when it resolves. */
  report(name: string, report: EdgeReport): Promise<void>;
}

/**
 * What a feed is served from: the origin's log and objects, or the replica of an edge that is a parent. Both
 * speak one protocol (docs/protocol.md).
 */
export interface FeedSource {
  readonly log: string;
  readonly clock: Clock;
  readonly members: FeedMembers;
  readonly objects: ObjectStore;
  /** Woken after each append to the log. */
  readonly appended: Wakeup;
  /** Records from `from` on, ascending; fewer than `limit` at the end of the log. */
  records(from: number, limit: number): Promise<readonly LogRecord[]>;
  /** The newest head that the origin signed. */
  head(): Promise<Head>;
  holds(site: number, revision: number): Promise<boolean>;
  diffPage(
    site: number,
    from: number,
    to: number,
    after: DiffCursor | undefined,
    limit: number,
  ): Promise<DiffPage>;
  /** Admits a new edge; absent where edges cannot join. */
  join?(request: JoinRequest): Promise<JoinAnswer>;
}
