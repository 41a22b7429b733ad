import { SkerryError } from '../../shared/errors.ts';
import { isLoopback } from '../../shared/http/loopback.ts';
import type { CertificateFiles } from './given-certificates.ts';

export interface TransportOptions {
  readonly host: string;
  /** The file with the certificate, and the file with its key. */
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  /** Something in front of the origin, such as a proxy, does TLS. */
  readonly insecure?: boolean | undefined;
}

/** How an origin serves clients: over plain HTTP, or over TLS with a given certificate or with one from its own CA. */
export type Transport =
  | { readonly kind: 'plain' }
  | { readonly kind: 'own' }
  | { readonly kind: 'given'; readonly files: CertificateFiles };

/** Throws `bad-config` for flags that contradict each other. */
export function transportOf({ host, tlsCert, tlsKey, insecure = false }: TransportOptions): Transport {
  if (tlsCert !== undefined || tlsKey !== undefined) {
    if (tlsCert === undefined || tlsKey === undefined)
      throw new SkerryError('bad-config', '--tls-cert and --tls-key need each other');
    if (insecure) throw new SkerryError('bad-config', '--insecure contradicts --tls-cert');
    return { kind: 'given', files: { cert: tlsCert, key: tlsKey } };
  }
  return insecure || isLoopback(host) ? { kind: 'plain' } : { kind: 'own' };
}
