/** The rights of a token, and whether it was used or revoked. token-state.ts judges whether it is valid. */
export interface KnownToken {
  readonly id: string;
  readonly scope: string;
  /**
   * The only edge that may join with the token. Null for a token with which any edge may join, and for an API token.
   */
  readonly edge: string | null;
  /** The names of the sites whose content the edge that joins with the token may read. Null for all. */
  readonly mayRead: readonly string[] | null;
  /** The key of the edge that the new host replaces. Null for a token that does not replace a host. */
  readonly replaces: string | null;
  readonly created: number;
  readonly expires: number | null;
  readonly revoked: boolean;
  /** When it was last used. Null for never. It may be a minute old. */
  readonly used: number | null;
  /** The edge that has joined with the token. */
  readonly usedBy: string | null;
}

export interface StoredToken extends KnownToken {
  /** The SHA-256 digest of the token's secret. */
  readonly secretHash: Uint8Array;
}

export interface TokenCalls {
  /** `id` is random, so no other token has it. */
  createToken(
    token: Pick<StoredToken, 'id' | 'secretHash' | 'scope' | 'edge' | 'mayRead' | 'expires'> &
      Partial<Pick<StoredToken, 'replaces'>>,
    time: number,
  ): void;
  /** All tokens in any state, the oldest first. */
  tokens(): KnownToken[];
  /** Undefined for an unknown id. The token may be revoked or used as soon as this call has returned. */
  token(id: string): StoredToken | undefined;
  /**
   * Creates a token with the scope and the lifetime of another one, which then expires at `until` at the latest. Throws
   * `no-such-token` unless that one is a valid API token.
   */
  rotateToken(old: string, token: Pick<StoredToken, 'id' | 'secretHash'>, until: number, time: number): void;
  noteTokenUse(id: string, time: number): void;
  /** Revokes the token for ever. A repeated call changes nothing. Throws `no-such-token`. */
  revokeToken(id: string): void;
}
