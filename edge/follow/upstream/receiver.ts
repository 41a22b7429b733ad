import type { Peer } from '../../../shared/tls/trust.ts';

/**
 * Whether a feed may call itself this edge, or the origin (null): its certificate must not be that of another one.
 * `peer` is undefined over plain HTTP. `wanted` is the edge that the operator named.
 */
export function isReceiver(edge: string | null, peer: Peer | undefined, wanted: string | undefined): boolean {
  if (wanted !== undefined && edge !== wanted) return false;
  switch (peer?.kind) {
    case 'origin':
      return edge === null;
    case 'member':
      return edge !== null && (peer.name === null || peer.name === edge);
    default:
      return true;
  }
}
