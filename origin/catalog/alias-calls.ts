import type { Digest } from '../../shared/content/digest.ts';
import type { Seq } from '../../shared/log/record.ts';

/** An alias as the log has it. It may have expired. */
export interface AliasRow {
  readonly name: string;
  readonly revision: number;
  readonly root: Digest;
  /** The record that made it point there. */
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

export interface AliasTarget {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

export interface AliasReads {
  /** The aliases of a site by name, ascending. At most `MOST_ALIASES`. */
  aliases(site: number): AliasRow[];
  /** Throws `no-such-alias`. */
  alias(site: number, name: string): AliasRow;
  /** Up to `limit` aliases of sites that are not deleted and that expired at or before `now`, the oldest first. */
  expiredAliases(
    now: number,
    limit: number,
  ): { readonly site: number; readonly siteName: string; readonly name: string }[];
  /** When the first alias expires, in milliseconds since 1970. Undefined when there is none. */
  nextExpiry(): number | undefined;
}

/** Callers hold the site's lock. Each of these calls appends to the log. */
export interface AliasCalls extends AliasReads {
  /**
   * Points an alias at a revision to which aliases may point: see `isWithinReach`. Throws `no-such-revision`,
   * `alias-taken` and `too-many-aliases`.
   */
  putAlias(site: number, target: AliasTarget, revision: number, time: number): { seq: Seq };
  /** Throws `no-such-alias`. */
  deleteAlias(site: number, name: string, time: number): void;
}
