import type { Token } from '../../shared/wire/api.ts';

export interface TokenCalls {
  createToken(
    token: {
      id: string;
      secret: Buffer;
      scope: string;
      edge: string | null;
      mayRead: readonly string[] | null;
      expires: number | null;
    },
    time: number,
  ): void;
  tokens(time: number): Token[];
  /** Throws `no-such-token`. */
  revokeToken(id: string, time: number): void;
  /** The scope of a valid token; undefined for one that is unknown, expired, revoked or for joining. */
  authenticate(id: string, secret: Buffer, time: number): string | undefined;
  /** What is kept of the secret of a token for joining, be it good or not; undefined when there is none. */
  joinSecret(id: string): Uint8Array | undefined;
}
