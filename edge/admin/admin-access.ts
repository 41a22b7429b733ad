import type { FastifyRequest } from 'fastify';
import { SkerryError } from '../../shared/errors.ts';
import { cameThroughProxy, requireLocalHost, requireSameSite } from '../../shared/http/local-request.ts';
import type { AdminToken } from './admin-token.ts';

export interface AdminAccess {
  /** Whether only programs on this machine can reach the port. */
  readonly isLoopback: boolean;
  readonly token: Pick<AdminToken, 'isIn'>;
  /** Host names, in addition to those of loopback, that the port accepts without a token. */
  readonly names: readonly string[];
}

const OPEN = new Set(['/healthz', '/readyz']);

/**
 * Returns a hook that admits callers with the token. Without the token, the address and the headers of the request
 * decide. If other machines can reach the port, only the health checks are open without the token.
 */
export function adminAccess({ isLoopback, token, names }: AdminAccess) {
  const known = new Set(names);
  return async ({ headers, method, routeOptions }: FastifyRequest): Promise<void> => {
    if (OPEN.has(routeOptions.url ?? '')) return;
    // A browser never adds this header by itself, so a page of another site cannot make the browser send the token.
    if (token.isIn(headers.authorization)) return;
    if (!isLoopback) throw new SkerryError('bad-admin-token', "the request needs the edge's admin token");
    requireLocalHost(headers, known);
    if (cameThroughProxy(headers))
      throw new SkerryError(
        'through-proxy',
        'the admin port does not answer requests that come through a proxy',
      );
    if (method !== 'GET' && method !== 'HEAD') requireSameSite(headers);
  };
}
