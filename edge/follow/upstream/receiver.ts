import type { Peer } from '../../../shared/tls/trust.ts';

/**
 * Whether a feed may call itself `edge`, where null means the origin. If it has a certificate, the certificate must not
 * belong to anyone else. `peer` is undefined over plain HTTP. `wanted` is the edge that the operator named.
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
