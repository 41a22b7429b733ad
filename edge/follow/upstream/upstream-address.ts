import { SkerryError } from '../../../shared/errors.ts';
import { refuseClearText } from '../../../shared/http/clear-text.ts';
import type { Trust } from '../../../shared/tls/trust.ts';
import type { Patiences } from './connections.ts';

/**
 * The address of a feed. Proofs that are meant for the origin are sent only to the address that the operator named as
 * the origin's.
 */
export interface UpstreamAddress {
  readonly url: string;
  readonly isOrigin: boolean;
  /** The edge that must answer there, if the operator named one: `https://paris@10.0.0.5:7501`. */
  readonly member?: string | undefined;
}

/**
 * Throws `bad-config` if the text is not the address of a feed. Throws `clear-text` if others could read the traffic to
 * this address, unless `insecure` says that something else protects the connection.
 */
export function checkUpstream(text: string, insecure: boolean): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new SkerryError('bad-config', `${JSON.stringify(text)} is not the URL of an origin or an edge`);
  if (!insecure) refuseClearText(text, 'what this edge replicates');
}

export interface UpstreamOptions {
  readonly patience?: Patiences;
  /** Which certificates to accept over TLS. By default, those of the certificate authorities that Node trusts. */
  readonly trust?: Trust;
}
