import type { FoundMissing } from '../../messages/read-through.ts';

/** Where the bytes of a response were found: on this edge, or upstream while the reader waited. */
export type CacheState =
  | { readonly kind: 'hit'; readonly tier: 'memory' | 'disk' }
  | { readonly kind: 'missed'; readonly found: FoundMissing };

/** The value of `Cache-Status` (RFC 9211). An edge stores everything that it fetches. */
export function cacheStatus(state: CacheState): string {
  if (state.kind === 'hit') return `Skerry; hit; detail=${state.tier}`;
  const { found, isCollapsed, tier } = state.found;
  if (found === 'all') return cacheStatus({ kind: 'hit', tier: 'disk' });
  const reason = found === 'partial' ? 'partial' : 'miss';
  return `Skerry; fwd=${reason}; stored${isCollapsed ? '; collapsed' : ''}; detail=${tier}`;
}
