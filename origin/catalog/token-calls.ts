/** What a token is good for, and what became of it; whether that is enough is judged in token-state.ts. */
export interface KnownToken {
  readonly id: string;
  readonly scope: string;
  /** The one edge that may join with it; null for any, and for a token of the API. */
  readonly edge: string | null;
  /** The sites whose content the edge that joins with it may read, by name; null for all. */
  readonly mayRead: readonly string[] | null;
  readonly created: number;
  readonly expires: number | null;
  readonly revoked: boolean;
  /** The edge that has joined with it. */
  readonly usedBy: string | null;
}

export interface StoredToken extends KnownToken {
  /** The SHA-256 digest of its secret. */
  readonly secretHash: Uint8Array;
}

export interface TokenCalls {
  /** `id` is new: it is random. */
  createToken(
    token: Pick<StoredToken, 'id' | 'secretHash' | 'scope' | 'edge' | 'mayRead' | 'expires'>,
    time: number,
  ): void;
  /** All of them, whatever their state, the oldest first. */
  tokens(): KnownToken[];
  /** Undefined for one that was never made. It may be revoked, or used, as soon as this is answered. */
  token(id: string): StoredToken | undefined;
  /** For ever; repeating it changes nothing. Throws `no-such-token`. */
  revokeToken(id: string): void;
}
