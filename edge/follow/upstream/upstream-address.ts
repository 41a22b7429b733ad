import type { Trust } from '../../../shared/tls/trust.ts';
import type { Patiences } from './connections.ts';

/**
 * The address of a feed. Proofs for the origin are sent only to the address that the operator named as the origin's.
 */
export interface UpstreamAddress {
  readonly url: string;
  readonly isOrigin: boolean;
  /** The edge that must answer there, if the operator named one: `https://paris@10.0.0.5:7501`. */
  readonly member?: string | undefined;
}

export interface UpstreamOptions {
  readonly patience?: Patiences;
  /** Whose certificates to accept over TLS. By default those of the authorities that Node knows. */
  readonly trust?: Trust;
}
