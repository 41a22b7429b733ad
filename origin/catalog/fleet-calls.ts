import type { Seq } from '../../shared/log/record.ts';
import type { EdgeReport, NewMember } from '../../shared/wire/protocol.ts';
import type { StoredToken } from './token-calls.ts';

export interface EdgeRow {
  readonly name: string;
  readonly region: string;
  readonly lat: number | null;
  readonly lon: number | null;
  readonly publicKey: string;
  /** The key of the host that had the name before. Null when there was none. */
  readonly replaces: string | null;
  readonly revoked: boolean;
  readonly paused: boolean;
  /** True when readers and new work go to other edges. */
  readonly drained: boolean;
  /** In ascending order. */
  readonly labels: readonly string[];
  /** The names of the sites whose content the edge may read. Null for all. */
  readonly mayRead: readonly string[] | null;
  readonly lastSeen: number | null;
  /** The newest stored report. Null also when this version cannot read it. */
  readonly report: EdgeReport | null;
}

/** The properties of an edge that an administrator may change. */
export interface MemberChange {
  readonly paused?: boolean;
  readonly drained?: boolean;
  /** Refuses the change unless fewer other edges than this are drained. */
  readonly mostDrained?: number;
  /** Labels to add and labels to remove. One that is in both is removed. */
  readonly labels?: { readonly add?: readonly string[]; readonly remove?: readonly string[] };
  readonly revoked?: true;
  readonly mayRead?: readonly string[] | null;
}

interface SavedReport {
  readonly name: string;
  readonly lastSeen: number;
  readonly report: EdgeReport;
}

/** Edges are never deleted. A revoked edge keeps its name. */
export interface FleetCalls {
  /**
   * Uses up the one-time token, and writes the member record and the edge, in one step. A new edge has the limits of
   * the token. A host that replaces another one takes over its settings, and the key of the other host is revoked. A
   * repeated call with the same token, name and key gives the same response, with `isNew` false. When two edges use one
   * token, the first joins. Throws `bad-join-token`, `name-taken`, `too-many-edges` and `too-many-labels`.
   */
  join(
    request: NewMember,
    token: { id: string; secretHash: Uint8Array },
    time: number,
  ): { seq: Seq; edge: EdgeRow; isNew: boolean };
  /**
   * Creates a join token with which a new host takes the name of an edge and its place. It is valid only as long as the
   * edge keeps its current key. Throws `no-such-edge`.
   */
  createReplacement(
    name: string,
    token: Pick<StoredToken, 'id' | 'secretHash' | 'expires'>,
    time: number,
  ): void;
  /** All edges by name, ascending. */
  edges(): EdgeRow[];
  /** Appends a `member` record, unless nothing changes. Throws `no-such-edge`, `too-many-labels` and `too-many-drained`. */
  changeMember(name: string, change: MemberChange, time: number): EdgeRow;
  /** Keeps the last report of each edge. Ignores reports of unknown edges. */
  saveReports(reports: readonly SavedReport[]): void;
}
