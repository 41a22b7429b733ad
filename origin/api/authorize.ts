import type { FastifyRequest } from 'fastify';
import type { Clock } from '../../shared/clock.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { Remote } from '../../shared/process/thread.ts';
import { caller } from '../catalog/catalog-turns.ts';
import type { TokenCalls } from '../catalog/token-calls.ts';
import { parseScopes, type Scope } from '../fleet/scopes.ts';
import { parseApiToken, scopeOf } from '../fleet/tokens.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the caller's token is good for; null until that is known. */
    scopes: readonly Scope[] | null;
  }
}

type TokenReads = Pick<Remote<TokenCalls>, 'token'>;

/** What a route asks of its caller. */
export type Need =
  | { readonly kind: 'admin' }
  /** Reading everything, the log included. */
  | { readonly kind: 'read' }
  /** Seeing how those sites stand that one may read, and on which edges. */
  | { readonly kind: 'overview' }
  | { readonly kind: 'read-site' | 'publish'; readonly site: string };

/** The sites that may be read: who publishes one may read it. */
export function readRights(scopes: readonly Scope[]): 'all' | ReadonlySet<string> {
  if (scopes.includes('admin') || scopes.includes('read')) return 'all';
  return new Set(scopes.flatMap((scope) => /^publish:(.*)$/.exec(scope)?.[1] ?? []));
}

/** What domains a token may give is judged with what is given. */
export function permits(scopes: readonly Scope[], need: Need): boolean {
  if (scopes.includes('admin')) return true;
  const readable = readRights(scopes);
  switch (need.kind) {
    case 'admin':
      return false;
    case 'read':
      return readable === 'all';
    case 'overview':
      return readable === 'all' || readable.size > 0;
    case 'read-site':
      return readable === 'all' || readable.has(need.site);
    case 'publish':
      return scopes.includes(`publish:${need.site}`);
  }
}

/** What the caller's token is good for; throws `unauthenticated`. */
export async function authenticate(
  request: Pick<FastifyRequest, 'headers'>,
  catalog: TokenReads,
  clock: Clock,
): Promise<readonly Scope[]> {
  const bearer = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
  if (bearer === undefined) throw new SkerryError('unauthenticated', 'a token is needed');
  const token = parseApiToken(bearer);
  const scope = token && (await scopeOf(catalog, token, clock.now()));
  if (token === undefined || scope === undefined) {
    throw new SkerryError('unauthenticated', 'the token is unknown, expired, revoked or one for joining');
  }
  const known = caller.getStore();
  if (known !== undefined) {
    known.name = scope;
    known.token = { id: token.id, scope };
  }
  return parseScopes(scope);
}

/** Throws `forbidden`. */
export function requirePermission(scopes: readonly Scope[], need: Need): void {
  if (permits(scopes, need)) return;
  throw new SkerryError(
    'forbidden',
    `the token's scope ${scopes.join(',')} does not cover this; it needs ${wanted(need)}`,
  );
}

/** The scopes of the caller's token. Throws `unauthenticated` or `forbidden`. */
export async function authorize(
  request: Pick<FastifyRequest, 'headers'>,
  need: Need,
  catalog: TokenReads,
  clock: Clock,
): Promise<readonly Scope[]> {
  const scopes = await authenticate(request, catalog, clock);
  requirePermission(scopes, need);
  return scopes;
}

/** What the caller's token is good for, on a route that asked for a permission before the body was read. */
export function scopesOf({ scopes }: Pick<FastifyRequest, 'scopes'>): readonly Scope[] {
  if (scopes === null) throw new TypeError('the route asks for no permission');
  return scopes;
}

function wanted(need: Need): string {
  if (need.kind === 'publish') return `publish:${need.site}`;
  if (need.kind === 'read-site') return `read or publish:${need.site}`;
  return need.kind === 'admin' ? 'admin' : 'read';
}
