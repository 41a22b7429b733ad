import type { FeedMembers } from '../../shared/feed/feed-source.ts';
import type { Seq } from '../../shared/log/record.ts';
import type { EdgeStatus } from '../../shared/wire/api.ts';
import type { NewMember } from '../../shared/wire/protocol.ts';
import type { MemberChange } from '../catalog/fleet-calls.ts';
import type { SyncEdges } from '../publish/sync-edges.ts';

/** Where edges join. */
export interface Admission {
  /** With a token whose secret is proven. Throws `bad-join-token`, `name-taken` and `too-many-edges`. */
  join(request: NewMember, token: { readonly id: string; readonly secretHash: Uint8Array }): Promise<Seq>;
}

/** The edges as an administrator sees them, by their names. */
export interface FleetView {
  status(): Promise<EdgeStatus[]>;
  /** Throws `no-such-edge`. */
  statusOf(name: string): Promise<EdgeStatus>;
  /** Pauses, resumes, limits or revokes an edge; repeating it changes nothing. Throws `no-such-edge`. */
  change(name: string, change: MemberChange): Promise<EdgeStatus>;
}

/**
 * The edges: who belongs to the log, who is here, and what each one shows. Some of it is asked for at every request
 * and answered at once, from memory. Origins that share a catalog hear from each other of members that one of them has
 * changed, of reports that it has taken in and of leases that it has granted: a sync publish of one waits for the
 * edges of all.
 */
export type Fleet = FeedMembers & SyncEdges & Admission & FleetView;
