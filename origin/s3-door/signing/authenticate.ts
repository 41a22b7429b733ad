import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Clock } from '../../../shared/clock.ts';
import type { ContentPath } from '../../../shared/content/content-path.ts';
import { secretHash } from '../../../shared/wire/join-proof.ts';
import type { FailedAttempts } from '../../access/failed-attempts.ts';
import type { TokenSecret } from '../../access/token-secrets.ts';
import type { TokenUse } from '../../access/token-use.ts';
import { type ValidToken, validNow } from '../../access/tokens.ts';
import { noteToken } from '../../callers/caller.ts';
import type { RequestNames } from '../../catalog/bucket-calls.ts';
import { isSecretOf } from '../../catalog/token-state.ts';
import { S3Error } from '../protocol/s3-error.ts';
import type { Target } from '../protocol/target.ts';
import { type Claim, claimOf } from './claim.ts';
import type { RequestRows, Rows } from './request-rows.ts';
import { signAgain } from './sign-again.ts';

export interface SignatureCheckParts {
  readonly rows: Pick<RequestRows, 'read'>;
  readonly clock: Clock;
  readonly attempts: Pick<FailedAttempts, 'check' | 'failed' | 'proven'>;
  readonly tokenUse: Pick<TokenUse, 'used'>;
  readonly secretOf: TokenSecret;
}

/** A caller whose signature is right. */
export interface Signer {
  readonly token: ValidToken;
  readonly secret: string;
  readonly claim: Claim;
}

export interface Authenticated {
  readonly signer: Signer;
  /** What the request names. */
  readonly rows: Rows;
}

/** Clocks of clients may be wrong by this much. */
const SKEW_MS = 15 * 60_000;

/**
 * Finds out who has signed a request, and reads what it names: `path` as well, if its operation reads that object.
 * Throws S3's errors, and `too-many-requests` for a client that guesses.
 */
export async function authenticate(
  request: Pick<FastifyRequest, 'raw' | 'client' | 'headers'>,
  target: Target,
  path: ContentPath | undefined,
  parts: SignatureCheckParts,
): Promise<Authenticated> {
  const claim = claimOf(target, request.headers);
  checkTime(claim, parts.clock.now());
  const { raw, client } = request;
  const { token, signature } = claim;
  const signed = { client, signature, names: { token, bucket: target.bucket, path } };
  const { rows, ...proved } = await proveToken(
    signed,
    (secret) => signAgain(raw, target, claim, secret),
    parts,
  );
  return { signer: { ...proved, claim }, rows };
}

/** A signature that a client shows, and what its request names: the token of which it claims to be, and others. */
export interface SignedClaim {
  readonly client: string;
  readonly signature: string;
  readonly names: RequestNames;
}

/** Finds the token of a signature. `sign` makes the right signature from the token's secret. Throws as `authenticate`. */
export async function proveToken(
  { client, signature, names }: SignedClaim,
  sign: (secret: string) => string | Promise<string>,
  { rows: requestRows, clock, attempts, tokenUse, secretOf }: SignatureCheckParts,
): Promise<Omit<Signer, 'claim'> & Pick<Authenticated, 'rows'>> {
  const { token: id } = names;
  attempts.check(client, id);
  const rows = await requestRows.read(client, names);
  const token = validNow(rows.token, clock.now());
  const secret = secretOf(id);
  if (token === undefined) {
    attempts.failed(client);
    throw new S3Error('InvalidAccessKeyId');
  }
  if (!isSecretOf(token, secretHash(secret)))
    throw new S3Error(
      'InvalidAccessKeyId',
      `The token ${token.id} was made with another token-key of the origin. Replace it: skerry token rotate ${token.id}`,
    );
  if (!isSame(await sign(secret), signature)) {
    attempts.failed(client, token.id);
    throw new S3Error('SignatureDoesNotMatch');
  }
  attempts.proven(client, token.id);
  tokenUse.used(token.id, clock.now());
  noteToken(token);
  return { token, secret, rows };
}

function checkTime({ kind, time, expires = 0 }: Claim, now: number): void {
  if (kind === 'header') {
    if (Math.abs(now - time) > SKEW_MS) throw new S3Error('RequestTimeTooSkewed');
    return;
  }
  if (now < time - SKEW_MS) throw new S3Error('AccessDenied', 'Request is not valid yet');
  if (now > time + expires * 1000) throw new S3Error('AccessDenied', 'Request has expired');
}

function isSame(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}
