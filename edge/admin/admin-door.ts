import type { FastifyRequest } from 'fastify';
import { SkerryError } from '../../shared/errors.ts';
import { cameThroughProxy, requireLocalHost, requireSameSite } from '../../shared/http/local-request.ts';
import type { AdminToken } from './admin-token.ts';

export interface AdminDoor {
  /** Whether only programs of this machine reach the port. */
  readonly isLoopback: boolean;
  readonly token: Pick<AdminToken, 'isIn'>;
  /** Under which the port is asked without a token, beside loopback's own. */
  readonly names: readonly string[];
}

const OPEN = new Set(['/healthz', '/readyz']);

/**
 * A hook that lets in who has the token. Without it, who may ask is told by where and how the request comes in: beyond
 * loopback nobody, but for health.
 */
export function adminDoor({ isLoopback, token, names }: AdminDoor) {
  const known = new Set(names);
  return async ({ headers, method, routeOptions }: FastifyRequest): Promise<void> => {
    if (OPEN.has(routeOptions.url ?? '')) return;
    // A browser adds none by itself: a page of another site cannot have it sent.
    if (token.isIn(headers.authorization)) return;
    if (!isLoopback) throw new SkerryError('bad-admin-token', "the edge's own token is needed");
    requireLocalHost(headers, known);
    if (cameThroughProxy(headers))
      throw new SkerryError('through-proxy', 'the admin port answers nobody who comes through a proxy');
    if (method !== 'GET' && method !== 'HEAD') requireSameSite(headers);
  };
}
