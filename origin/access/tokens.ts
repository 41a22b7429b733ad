import { randomBytes } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { Remote } from '../../shared/process/thread.ts';
import type { KeyFingerprint } from '../../shared/signing/keys.ts';
import { apiTokenText } from '../../shared/wire/api-token.ts';
import { joinTokenText, secretHash } from '../../shared/wire/join-proof.ts';
import type { NewToken, RotateRequest, Token, TokenRequest } from '../../shared/wire/token-api.ts';
import type { FleetCalls } from '../catalog/fleet-calls.ts';
import type { StoredToken, TokenCalls } from '../catalog/token-calls.ts';
import { isValidForApi, tokenState } from '../catalog/token-state.ts';
import { parseScopes, type Scope } from './scopes.ts';
import type { TokenSecret } from './token-secrets.ts';

type Tokens = Remote<TokenCalls>;

/** What an origin puts into its tokens. */
export interface TokenIssuer {
  readonly recovery: KeyFingerprint;
  readonly secretOf: TokenSecret;
}

/** Creates a token `sk_ID.SECRET.FINGERPRINT` (for joining: `skj_…`). The fingerprint is that of the recovery key. */
export async function createToken(
  catalog: Pick<Tokens, 'createToken'>,
  clock: Clock,
  request: TokenRequest,
  { recovery, secretOf }: TokenIssuer,
): Promise<NewToken> {
  const { scope } = request;
  const isJoin = parseScopes(scope).includes('join');
  if (!isJoin && (request.edge !== undefined || request.mayRead !== undefined)) {
    throw new SkerryError('bad-request', 'only a join token can be bound to an edge, or limited to sites');
  }
  const { id, secret } = isJoin ? randomSecret() : derivedSecret(secretOf);
  const now = clock.now();
  const expires = request.expires === undefined ? null : now + request.expires * 1000;
  await catalog.createToken(
    {
      ...{ id, secretHash: secretHash(secret), scope, expires },
      edge: request.edge ?? null,
      mayRead: request.mayRead ?? null,
    },
    now,
  );
  const parts = { id, secret, fingerprint: recovery };
  return { id, token: isJoin ? joinTokenText(parts) : apiTokenText(parts) };
}

const USUAL_OVERLAP = 86_400;

/** Replaces the secret of a token: makes a new token with the same scope, and lets the old one expire soon. */
export async function rotateToken(
  catalog: Pick<Tokens, 'rotateToken'>,
  clock: Clock,
  old: string,
  { overlap = USUAL_OVERLAP }: RotateRequest,
  { recovery, secretOf }: TokenIssuer,
): Promise<NewToken> {
  const { id, secret } = derivedSecret(secretOf);
  const now = clock.now();
  await catalog.rotateToken(old, { id, secretHash: secretHash(secret) }, now + overlap * 1000, now);
  return { id, token: apiTokenText({ id, secret, fingerprint: recovery }) };
}

/** The lifetime of a token for a replacement. Until the token expires, its holder can take the place of an edge. */
const REPLACEMENT_MS = 24 * 3_600_000;

/** Creates a join token with which a new host takes the name and the place of an edge. */
export async function createReplacement(
  catalog: Pick<Remote<FleetCalls>, 'createReplacement'>,
  clock: Clock,
  edge: string,
  recovery: KeyFingerprint,
): Promise<NewToken> {
  const { id, secret } = randomSecret();
  const now = clock.now();
  const token = { id, secretHash: secretHash(secret), expires: now + REPLACEMENT_MS };
  await catalog.createReplacement(edge, token, now);
  return { id, token: joinTokenText({ id, secret, fingerprint: recovery }) };
}

interface Secret {
  readonly id: string;
  readonly secret: string;
}

function randomSecret(): Secret {
  return { id: randomId(), secret: randomBytes(24).toString('base64url') };
}

function derivedSecret(secretOf: TokenSecret): Secret {
  const id = randomId();
  return { id, secret: secretOf(id) };
}

function randomId(): string {
  return randomBytes(6).toString('hex');
}

/** An API token that is valid now. The caller has named it, and has not yet proved that it holds the secret. */
export interface ValidToken extends Pick<StoredToken, 'id' | 'scope' | 'secretHash'> {
  readonly scopes: readonly Scope[];
}

/**
 * Finds a valid API token by its id alone, so that an API may ask for a proof other than the secret, such as a
 * signature of the request. Undefined for a token that is unknown, expired or revoked, and for a join token.
 */
export async function validToken(
  catalog: Pick<Tokens, 'token'>,
  id: string,
  now: number,
): Promise<ValidToken | undefined> {
  return validNow(await catalog.token(id), now);
}

/** The token as `validToken` finds it, for a caller that has read it already. */
export function validNow(token: StoredToken | undefined, now: number): ValidToken | undefined {
  if (token === undefined || !isValidForApi(token, now)) return undefined;
  const { id, scope, secretHash } = token;
  return { id, scope, secretHash, scopes: parseScopes(scope) };
}

/** All tokens in the form that the API shows, without the hashes of their secrets. */
export async function shownTokens(catalog: Pick<Tokens, 'tokens'>, now: number): Promise<Token[]> {
  return (await catalog.tokens()).map((token) => {
    const { id, scope, edge, created, expires, used } = token;
    return { id, scope, edge, created, expires, used, state: tokenState(token, now) };
  });
}
