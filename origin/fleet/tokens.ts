import { hash, randomBytes } from 'node:crypto';
import type { NewToken, TokenRequest } from '../../shared/api.ts';
import type { Clock } from '../../shared/clock.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { KeyFingerprint } from '../../shared/keys.ts';
import { NAME_PATTERN } from '../../shared/protocol.ts';
import type { Catalog } from '../log/catalog.ts';

/** What the bearer of an API token may do. */
export type Scope = 'admin' | 'read' | 'join' | `publish:${string}`;

const name = new RegExp(NAME_PATTERN);

export function parseScope(text: string): Scope {
  if (text === 'admin' || text === 'read' || text === 'join') return text;
  const site = /^publish:(.*)$/.exec(text)?.[1];
  if (site !== undefined && name.test(site)) return `publish:${site}`;
  throw new SkerryError('bad-scope', `there is no scope ${JSON.stringify(text)}`);
}

/** An API token is `sk_ID.SECRET`; a join token `skj_ID.SECRET.FINGERPRINT`, of the recovery key to trust. */
export async function createToken(
  catalog: Catalog,
  clock: Clock,
  request: TokenRequest,
  recovery: KeyFingerprint,
): Promise<NewToken> {
  const scope = parseScope(request.scope);
  if (scope !== 'join' && (request.edge !== undefined || request.mayRead !== undefined)) {
    throw new SkerryError('bad-request', 'only a join token can be bound to an edge, or limited to sites');
  }
  const id = randomBytes(6).toString('hex');
  const secret = randomBytes(24).toString('base64url');
  const now = clock.now();
  const expires = request.expires === undefined ? null : now + request.expires * 1000;
  await catalog.createToken(
    {
      ...{ id, secret: secretHash(secret), scope, expires },
      edge: request.edge ?? null,
      mayRead: request.mayRead ?? null,
    },
    now,
  );
  return { id, token: scope === 'join' ? `skj_${id}.${secret}.${recovery}` : `sk_${id}.${secret}` };
}

const apiToken = /^sk_([0-9a-f]{12})\.([A-Za-z0-9_-]{32})$/;
const joinToken = /^skj_([0-9a-f]{12})\.([A-Za-z0-9_-]{32})\.([0-9a-f]{32})$/;

interface TokenParts {
  readonly id: string;
  readonly secret: Buffer;
}

export const parseApiToken = (text: string) => parts(apiToken.exec(text));

/** Undefined too when the token was made by another origin than the one with this recovery key. */
export function parseJoinToken(text: string, recovery: KeyFingerprint): TokenParts | undefined {
  const match = joinToken.exec(text);
  return match?.[3] === recovery ? parts(match) : undefined;
}

function parts(match: RegExpExecArray | null): TokenParts | undefined {
  const [, id, secret] = match ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret: secretHash(secret) };
}

/** 24 random bytes need no slow hash. */
function secretHash(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}
