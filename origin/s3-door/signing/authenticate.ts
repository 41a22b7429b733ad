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

/** Finds out who has signed a request, and reads what it names, `path` as well if the operation reads an object. Throws S3's errors, and `too-many-requests` for a client that guesses. */
export async function authenticate(
  request: Pick<FastifyRequest, 'raw' | 'client' | 'headers'>,
  target: Target,
  path: ContentPath | undefined,
  { rows: requestRows, clock, attempts, tokenUse, secretOf }: SignatureCheckParts,
): Promise<Authenticated> {
  const claim = claimOf(target, request.headers);
  const { client } = request;
  attempts.check(client, claim.token);
  checkTime(claim, clock.now());
  const rows = await requestRows.read(client, {
    token: claim.token,
    bucket: target.bucket,
    path,
  });
  const token = validNow(rows.token, clock.now());
  const secret = secretOf(claim.token);
  if (token === undefined) {
    attempts.failed(client);
    throw new S3Error('InvalidAccessKeyId');
  }
  if (!isSecretOf(token, secretHash(secret)))
    throw new S3Error(
      'InvalidAccessKeyId',
      `The token ${token.id} was made with another token-key of the origin. Replace it: skerry token rotate ${token.id}`,
    );
  const signature = await signAgain(request.raw, target, claim, secret);
  if (!isSame(signature, claim.signature)) {
    attempts.failed(client);
    throw new S3Error('SignatureDoesNotMatch');
  }
  attempts.proven(client, token.id);
  tokenUse.used(token.id, clock.now());
  noteToken(token);
  return { signer: { token, secret, claim }, rows };
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
