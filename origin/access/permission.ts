import { SkerryError } from '../../shared/errors.ts';
import type { Scope } from './scopes.ts';

/** A permission that a request needs. */
export type Need =
  | { readonly kind: 'admin' }
  /** The right to read everything, including the log. */
  | { readonly kind: 'read' }
  /** The right to see the state of the sites that the caller may read, and of their edges. */
  | { readonly kind: 'overview' }
  | { readonly kind: 'read-site' | 'publish'; readonly site: string };

/** The sites that a caller with these scopes may read. The right to publish a site includes the right to read it. */
export function readRights(scopes: readonly Scope[]): 'all' | ReadonlySet<string> {
  if (scopes.includes('admin') || scopes.includes('read')) return 'all';
  return new Set(scopes.flatMap((scope) => /^publish:(.*)$/.exec(scope)?.[1] ?? []));
}

/** Domains are checked elsewhere, when a site gets them. */
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

/** Throws `forbidden`. */
export function requirePermission(scopes: readonly Scope[], need: Need): void {
  if (permits(scopes, need)) return;
  throw new SkerryError(
    'forbidden',
    `the token's scope ${scopes.join(',')} does not cover this; it needs ${wanted(need)}`,
  );
}

function wanted(need: Need): string {
  if (need.kind === 'publish') return `publish:${need.site}`;
  if (need.kind === 'read-site') return `read or publish:${need.site}`;
  return need.kind === 'admin' ? 'admin' : 'read';
}
