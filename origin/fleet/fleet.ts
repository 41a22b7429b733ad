import type { FeedMembers } from '../../shared/feed/feed-source.ts';
import type { Seq } from '../../shared/log/record.ts';
import type { AliasShown } from '../../shared/wire/alias-api.ts';
import type { EdgeStatus } from '../../shared/wire/api.ts';
import type { MemberKey, NewMember } from '../../shared/wire/protocol.ts';
import type { MemberChange } from '../catalog/fleet-calls.ts';
import type { SyncEdges } from '../publish/sync-edges.ts';

/** Admits edges. */
export interface Admission {
  /**
   * Admits an edge that has proved the secret of a token. When the edge first calls another origin node, that node may
   * not know it yet and looks it up (`FeedMembers.keyOf`). `isNew` is false for an edge that has joined before and
   * repeats its request. Throws `bad-join-token`, `name-taken` and `too-many-edges`.
   */
  join(
    request: NewMember,
    token: { readonly id: string; readonly secretHash: Uint8Array },
  ): Promise<{ readonly seq: Seq; readonly isNew: boolean }>;
  /** The members that are not revoked, by name, ascending. */
  memberKeys(): MemberKey[];
}

/** The edges as an administrator sees them. */
export interface FleetView {
  /** All edges, by name, ascending. */
  status(): Promise<EdgeStatus[]>;
  /** What each edge shows under an alias, by the name of the edge, ascending. */
  underAlias(site: { readonly id: number; readonly name: string }, alias: string): AliasShown[];
  /** Throws `no-such-edge`. */
  statusOf(name: string): Promise<EdgeStatus>;
  /**
   * Changes the member record of an edge. A repeated call changes nothing. Throws `no-such-edge` and `too-many-labels`.
   */
  change(name: string, change: MemberChange): Promise<EdgeStatus>;
}

/**
 * The edges: which of them belong to the log, which hold a lease, and what each of them shows. The calls that every
 * request needs are answered from memory. Origins that share a catalog tell each other of changed members, accepted
 * reports and granted leases, so that a sync publish at one origin waits for the edges of all
 * (docs/decisions/0040-several-origin-nodes.md).
 */
export type Fleet = FeedMembers & SyncEdges & Admission & FleetView;
