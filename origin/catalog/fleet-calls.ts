import type { Seq } from '../../shared/log/record.ts';
import type { EdgeReport, NewMember } from '../../shared/wire/protocol.ts';

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
  /** Null also when this version cannot read the last one. */
  readonly report: EdgeReport | null;
}

/** What an administrator may change of an edge. */
export interface MemberChange {
  readonly paused?: boolean;
  readonly revoked?: true;
  readonly mayRead?: readonly string[] | null;
}

interface SavedReport {
  readonly name: string;
  readonly lastSeen: number;
  readonly report: EdgeReport;
}

/** The edges, which are never deleted: one that is revoked keeps its name. */
export interface FleetCalls {
  /**
   * Uses the one-time token, writes the member record and the edge, limited as the token is, in one step. Repeating
   * it with the same token, name and key gives the same answer. Of two edges with one token the first joins. Throws
   * `bad-join-token`, `name-taken` and `too-many-edges`.
   */
  join(
    request: NewMember,
    token: { id: string; secretHash: Uint8Array },
    time: number,
  ): { seq: Seq; mayRead: readonly string[] | null };
  /** By name, ascending. */
  edges(): EdgeRow[];
  /** Appends a `member` record, unless nothing changes. Throws `no-such-edge`. */
  changeMember(name: string, change: MemberChange, time: number): EdgeRow;
  /** The last of each edge stays; passes over edges that are not known. */
  saveReports(reports: readonly SavedReport[]): void;
}
